"""The pages a shopper passes: out to Sezzle, and back."""
