//! The tag list of an image repository as ImageTagSlice objects: cut, assembled, verified, with the time each tag was first seen.
