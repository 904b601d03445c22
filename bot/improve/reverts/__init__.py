"""What is taken back: which merge of several, in part, by people elsewhere, and how it comes again."""
