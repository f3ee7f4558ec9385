"""The Celery application, in three wings.

:mod:`workers.engine` runs jobs and knows no kind of them; :mod:`workers.plans` says what each kind
of job does and knows no Redis; :mod:`workers.installation` is what one installation is set up with.
:mod:`workers.app` puts the three together.
"""
