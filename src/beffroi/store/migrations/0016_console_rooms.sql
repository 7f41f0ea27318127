-- The console's rooms: the data protection officer keeps the register of incidents there, and a desk keeps back what an
-- open incident is about. History is added, never changed. Grants alone: the serving program does not notice.

grant select, insert, update on incidents to beffroi_web;
grant select, insert on incident_entries to beffroi_web;
grant select on checkpoints, witness_states to beffroi_web;
