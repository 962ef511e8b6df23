"""Neural style transfer: paint one picture's content in another picture's style.

After Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks" (2016).
Nothing is imported here, so that `nst.settings` is available without waiting for torch.
"""

__version__ = "1.0.0"
