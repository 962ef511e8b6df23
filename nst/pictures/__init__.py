"""Picture files in and out, and what is done to pictures before and after painting."""
