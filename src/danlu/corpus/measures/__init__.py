"""Measures: plain numbers of each document, computed for many documents at once; rules decide from them."""
