"""The dashboard: `streamlit run app.py`."""

from tracelens.dashboard import run

run()
