"""What a shop's pages say about Sezzle, and the language of its checkout."""
