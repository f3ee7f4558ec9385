"""Names of the keys that Python reads; only the scripts write them."""

JOB = "axiomatic:job:"
WORK = "axiomatic:work:"
JOBS_OF = "axiomatic:jobs-of:"
PACE = "axiomatic:pace:"
BLOB = "axiomatic:blob:"
NODES_SEEN = "axiomatic:nodes-seen"
COUNTS = "axiomatic:counts"
