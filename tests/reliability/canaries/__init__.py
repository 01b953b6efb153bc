"""Unmistakable keys, tokens and shoppers, sent through everything; afterwards none is found."""
