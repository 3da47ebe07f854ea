"""One file for each format; the table READERS in `danlu.corpus` names them."""
