"""The page's queue of paintings and what is seen of them."""
