"""A model goes on with a text: sampling, cached decoding, streaming."""
