"""What happened: roles and triggers of the database, the actor's context, the outbox."""
