"""An order for a painting, and the recipe that goes with the result."""
