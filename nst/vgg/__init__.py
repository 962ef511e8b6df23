"""The network: VGG19's layers, their weights, and the ways forth and back through them."""
