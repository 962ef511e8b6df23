"""Many paintings, on one machine or several."""
