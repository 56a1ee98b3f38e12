// Package results stores run records: one immutable file per run, named by the hash of the run's
// description.
//
// # Goals
//
//   - A run that finished is never lost and never run twice, whatever interrupts (R8).
//   - Any number of processes and machines may write to one folder without locks, and folders merge
//     by union.
//   - Two records of the same run are equal byte by byte except for their last line, so that
//     differences show (R2).
//   - Records can be read without this package: they are lines of JSON, compressed by Zstandard.
//     zstdcat prints one, and zstdgrep searches them.
//
// Files are not meant to be edited; file names identify the runs. Everything else in the folder,
// the index for one, only helps to read the records and can be recreated.
//
// # Folder
//
//	runs/ab/ab….jsonl.zst            the record of a finished run, ok or diverged;
//	                                 ab… is Run.ID, 64 digits
//	runs/ab/ab….jsonl                the same, not compressed
//	runs/ab/ab….other-….jsonl.zst    another record of that run with another outcome;
//	                                 … is the beginning of its digest
//	runs/ab/ab….damaged              an unreadable file that a readable record has replaced
//	failed/ab….jsonl                 the last failure of a run that has not finished yet
//	imported/ab….jsonl               the record of a run that another tool made
//	plans/NAME.json                  the definitions of a plan when it was last run (package
//	                                 bundle), with which tables need neither plugins nor data
//	index/….index                    what records hold, but outlines in place of traces, to read many
//	                                 of them fast; used for a record only while its file is as it was
//	bundles/ROOT.json                the runs that were taken from that bundle, and those of its
//	                                 runs that were repeated here
//	claims/                          which process makes which run now (package claim)
//	checkpoints/                     states of unfinished runs, from which they continue
//	tmp/                             files being written
//
// Finished runs are written compressed, to about a third. Plain records, as older versions wrote
// them, are read as well, and stay as they are. Where folders were merged by copying, a run may have
// both: then the compressed file is its record, and the plain one is ignored if it has the same
// outcome, and a [ConflictError] if it has not. Neither file, nor what it decompresses to, may have
// more than 64 MiB.
//
// A record is written to tmp, synced, and linked to its final path, which fails if that exists: the
// first writer wins, and readers see complete files only. Then the folder is synced. A crash leaves
// at most a file in tmp; a later writer removes it once its process is gone, or after a day if that
// process was on another machine.
//
// # File
//
// Each line is one JSON object, whose first name gives the kind of the line:
//
//	{"run":…}                   a Run; the SHA-256 of this value's bytes is the run's ID
//	{"imported":…}              an Imported; in the records of imported/, and only there
//	{"problem":…}               a protocol.ProblemSpec
//	{"point":…}                 a Point; one line per evaluation, in order
//	{"trace":…}                 a Trace; may be absent
//	{"end":…}                   an End
//	{"host":…,"digest":"…"}     a Host, and the hexadecimal SHA-256 of all bytes before this line
//
// NaN and infinities are the strings "NaN", "+Inf" and "-Inf" (see protocol.Number). All lines
// before the last are determined by the run and the platform. The last line is not covered by the
// digest and may be edited, for example to hide the name of a machine. Readers ignore unknown names
// within an object and unknown kinds of line, so that later versions can add them; every other
// change raises protocol.Version.
//
// # Identity
//
// A Run contains exactly what determines the bits (R10): two builds of bench whose built-ins
// compute the same share their runs, since built-ins are identified by version and fingerprint
// (package fingerprint). Runs of contract 1 named the executable of bench instead; they are read as
// before and found by its SHA-256.
//
// # Imported runs
//
// Runs published by other tools are listed beside noisebench's own runs in tables and never count
// as such. They are kept in a separate folder, which [Store.Lookup] and [Store.Records] do not
// read. Their problem and optimizer belong to a plugin that is named after the tool and has no
// digest, so that no other run can have the same ID, and the line "imported" names the source file.
// A record with that line in runs/ is a [SyntaxError].
//
// # Errors
//
// A file may be truncated, empty, not a record at all, renamed (its ID differs from its name), or
// changed (its digest differs from that of its bytes). Each case is a [SyntaxError], which takes
// the place of the record when a whole folder is read. Two outcomes of the same run are a
// [ConflictError]. Neither stops a reader.
package results
