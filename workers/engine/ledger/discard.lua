-- Remove what is kept of a job that has ended, and give its room back; who asks for it later is told
-- that it is gone.
-- ARGV: run
return discard_job(ARGV[1]) and 1 or 0
