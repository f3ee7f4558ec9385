"""The results of jobs as the API shows them."""
