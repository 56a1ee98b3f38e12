// Package results keeps run records: one immutable file per run, named by the hash of what the run is.
//
// # Goals
//
//   - A run that finished is never lost and never run twice, whatever interrupts (R8).
//   - Any number of processes and machines may write to one folder without locks, and folders merge by union.
//   - Two records of the same run are equal byte by byte but for their last line, so that a difference shows (R2).
//   - Records can be read without this package: they are lines of JSON.
//
// Files are not meant to be edited, and there is no index: the names of the files say which runs are there. What is written
// beside the records only helps to read them, and can be made anew.
//
// # Folder
//
//	runs/ab/ab….jsonl                  the record of a finished run, ok or diverged; ab… is Run.ID, 64 digits
//	runs/ab/ab….other-01234567.jsonl   another record of that run with another outcome; 01234567 begins its digest
//	runs/ab/ab….damaged                what was there before a readable record replaced it
//	failed/ab….jsonl                   the last failure of a run that has not finished yet
//	imported/ab….jsonl                 a run that another tool made, as a record
//	plans/NAME.json                    what the names of a plan meant when it was run last (package bundle): with it, tables
//	                                   need neither plugins nor data
//	bundles/ROOT.json                  which runs were taken from that bundle, and which of its runs were made again here
//	tmp/                               files being written
//
// A record is written to tmp, synced, and linked to its place, which fails if the place is taken: whoever is first
// wins, and a reader sees whole files only. Then the folder is synced. A crash leaves at most a file in tmp; a later
// writer removes it once its process is gone, or after a day if that process was on another machine.
//
// # File
//
// Each line is one JSON object whose only or first name says what the line is:
//
//	{"run":…}                   a Run; the SHA-256 of this value's bytes is the run's ID
//	{"imported":…}              an Imported; in the records of imported/, and only there
//	{"problem":…}               a protocol.ProblemSpec
//	{"point":…}                 a Point; one line per evaluation, in order
//	{"trace":…}                 a Trace; may be absent
//	{"end":…}                   an End
//	{"host":…,"digest":"…"}     a Host, and the SHA-256 of all bytes before this line, in hexadecimal
//
// NaN and infinities are the strings "NaN", "+Inf" and "-Inf" (see protocol.Number). All lines before the last are
// determined by the run and the platform. The last is not covered by the digest: it may be edited, to hide a machine's
// name, say. Readers ignore names within an object and kinds of line that they do not know, so that later versions can
// add some; what else may change raises protocol.Version.
//
// # Identity
//
// A Run is what determines the bits, and no more (R10): two builds of bench whose built-ins compute the same share their runs,
// since these are named by version and fingerprint (package fingerprint). Runs of contract 1 named the executable of bench in
// their stead; they are read as before, and found by its SHA-256.
//
// # Imported runs
//
// What other tools have published stands beside our own runs in tables and never counts as one of them: it is kept in a
// folder of its own, where [Store.Lookup] and [Store.Records] do not look, its problem and its optimizer belong to a plugin
// that is named after the tool and has no digest, so that no run of ours can have its ID, and the line "imported" names the
// file that it was read from. A record with that line in runs/ is a [SyntaxError].
//
// # What can be wrong
//
// A file may be torn (its last line missing), empty, not a record at all, renamed (its ID is not its name), or changed
// (its digest is not that of its bytes). Each is a [SyntaxError], which stands in for the record when a whole folder is
// read. Two outcomes of the same run are a [ConflictError]. Neither stops a reader.
package results
