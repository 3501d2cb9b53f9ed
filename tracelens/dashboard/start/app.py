"""The dashboard as `tracelens serve` runs it.

It stands apart from `pages/`: Streamlit would serve what lies in a folder of that name beside it before the first
`run`, without the frame and without the login.
"""

from tracelens.dashboard import run

run()
