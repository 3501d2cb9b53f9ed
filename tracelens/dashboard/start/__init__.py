"""The script that `tracelens serve` hands to Streamlit."""
