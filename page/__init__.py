"""The parts of the page, one noun each; `streamlit_app.py` puts them together."""
