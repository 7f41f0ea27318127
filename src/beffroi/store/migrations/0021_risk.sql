-- What the watch thinks of an account is told to other systems from the gate's own transaction, which the HL7 v2 door
-- runs under the feed's role: it adds to the queue and reads how an issuer names an account.

grant insert on signals to beffroi_feed;
grant select on names_at_issuer to beffroi_feed;
