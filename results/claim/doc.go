// Package claim lets any number of harnesses, on any number of machines, share the work on one
// results folder: before a harness makes a run it claims it, and the others make other runs.
//
// # Files
//
// A harness has one file, claims/owners/TOKEN: a line of JSON that names it ([Owner]) and a line
// that counts its heartbeats. A claim on the run ID is a hard link to that file, claims/ID. Making
// a hard link is atomic and fails where the name exists, on local file systems and on NFS, so one
// of several claimants succeeds. Who reads a claim reads its owner and the owner's heartbeat, and
// a heartbeat is one small write, however many runs an owner makes side by side. A claim is
// released by removing its name.
//
// # When an owner is dead
//
// No clocks of different machines are compared. An observer remembers the last heartbeat that it
// read and for how long, by its own monotonic clock, it has read the same one. Past [Config.Stale]
// the owner counts as dead and its claims may be taken over. Time between two looks counts up to
// twice the interval of heartbeats only, so that an observer that was itself suspended does not
// take everybody else for dead. On the owner's own machine a process that has ended, identified by
// its number and start time, is dead at once.
//
// A takeover renames the claim to a name of the observer's own, which one of several observers can
// do, verifies that it is the file of the dead owner, and removes it. Then the run is claimed like
// any other. If it was another's file after all, it is linked back.
//
// # What is promised
//
// A run is made by one harness at a time as long as every owner's heartbeats reach the others
// within Stale. An owner that was suspended for longer finds, at its first heartbeat afterwards,
// that its claim is gone: the claim's context ends, and the run is abandoned. Whatever happens,
// results are right: a run made twice has the same bits, and its record is kept once. Claims save
// work; nothing depends on them.
package claim
