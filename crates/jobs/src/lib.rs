//! The job engine: durable steps, progress, cancel, resume, leases.
