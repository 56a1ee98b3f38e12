// Package bundle packs all that a plan's results rest on into one file that others can check: plan, definitions and run
// records, byte for byte as they are in the results folder.
//
// # Goals
//
//   - Whoever has the file can derive every decision again: the winner of each sweep, each tie, each table.
//   - One hash, the root, names all of it. A paper cites the root.
//   - The same results make the same file: it holds no time but those of the records.
//   - It can be checked and read without this package: sha256sum -c, tar, zstd and a JSON parser are enough.
//   - A reader is safe with any file, however made. It unpacks nothing to disk.
//
// # File
//
// NAME.noisebench.tar.zst is a tar archive (POSIX.1-1988 ustar) compressed by Zstandard (RFC 8878) with content checksum
// and a window of at most 128 MiB. All its entries are regular files of mode 0644, owner 0 and modification time 0, with
// these names, each at most once:
//
//	SHA256SUMS           the list of all other files; always the first entry
//	about.json           an About: format, who, where, when, by which versions; always the second
//	plan.json            a protocol.Plan with its defaults filled in
//	definitions.json     a Definitions: what the plan's optimizers and problems declare, by the names that the plan uses
//	runs/ab/ab….jsonl    the record of a finished run; ab… is its ID. See package results
//	failed/ab….jsonl     the record of a run that failed, and so is no result
//
// SHA256SUMS is what the command sha256sum prints and checks, in the order of the archive, one line per file: the SHA-256
// in lower-case hexadecimal, two spaces, the name, a line feed. The root is the SHA-256 of SHA256SUMS, so these two
// commands, in a folder where the archive was unpacked, check all of it and print the root:
//
//	sha256sum --check --quiet SHA256SUMS
//	sha256sum SHA256SUMS
//
// Records follow in the order of problem, optimizer, seed and setting, which puts like beside like and so compresses well;
// a reader relies on the places of the first two entries alone. Readers refuse names within plan.json and definitions.json
// that they do not know, as these could change what the rest means, and ignore them in about.json. A change that a reader
// has to know of raises [Format].
//
// # What belongs in it
//
// Every record that the decisions of the plan use, and no other: all runs of every sweep and tie step, all replicates, all
// runs of the declared defaults, and the last failure of each run that did not finish. So a tuning run that is missing
// shows (its sweep cannot be replayed), and so does one that nobody asked for.
//
// Runs may have come from another bundle; about.json then says from which. Where those were made on another platform, and so
// by other fingerprints, definitions.json has the definitions of that platform too.
//
// # What can be wrong
//
// What breaks the format (no tar or zstd, a file that is not listed or comes twice, a name, type or size that is not
// allowed) ends reading with an error. What is wrong with single files (a checksum, a record's own digest, a file that is
// listed and not there) is a [Fault]; the rest is read all the same. Limits: 64 MiB for a file, 4 GiB for all together,
// a million files.
package bundle
