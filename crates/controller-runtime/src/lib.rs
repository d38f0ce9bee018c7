//! What every controller needs: arguments, telemetry, metrics, probes, shutdown, leases, back-off, status, events.
