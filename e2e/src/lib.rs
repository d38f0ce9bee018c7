//! The controllers together on a real API server: helpers in the library, scenarios in tests/.
