"""Function words of the published rules."""

# Gopher (Rae et al. 2021, section A1.1).
ENGLISH = ("the", "be", "to", "of", "and", "that", "have", "with")
# FineWeb-2 (configs/cmn_Hani.yml) without its separator dot: the most frequent words of Chinese pages, both scripts.
CHINESE = tuple("的年在月是和日了於為有被人中为他與後也而由")
PUBLISHED = {word: 1 + place for place, word in enumerate((*ENGLISH, *CHINESE))}
