-- The workers that report: the number of children of this version, and the other versions.
-- ARGV: version
local slots, others = slots_of(ARGV[1])
return { slots, others }
