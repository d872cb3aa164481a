"""The steps of an order's life, one file each. A step takes its world as arguments and knows no SDK."""
