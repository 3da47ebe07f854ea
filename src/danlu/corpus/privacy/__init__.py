"""Personal data in texts: found by form, checksum and the words around it, then replaced, tagged or counted."""
