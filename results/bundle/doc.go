// Package bundle packs everything on which a plan's results depend into one file that others can
// check: plan, definitions and run records, byte for byte as they are in the results folder.
//
// # Goals
//
//   - Every decision can be derived again from the file: the winner of each sweep and tie step, and
//     each table.
//   - One hash, the root, names all of it. A paper cites the root.
//   - The same results make the same file: it holds no time but those of the records.
//   - The file can be checked and read without this package: sha256sum -c, tar, zstd and a JSON
//     parser suffice.
//   - A reader is safe with any file, however made. It unpacks nothing to disk.
//
// # File
//
// NAME.noisebench.tar.zst is a tar archive (POSIX.1-1988 ustar) compressed by Zstandard (RFC 8878)
// in one frame with content checksum and a window of at most 32 MiB. All its entries are regular
// files of mode 0644, owner 0 and modification time 0, with these names, each at most once:
//
//	SHA256SUMS           the list of all other files; always the first entry
//	about.json           an About: format, author, platforms, dates, versions; always the second
//	plan.json            a protocol.Plan with its defaults filled in
//	definitions.json     a Definitions: the declarations of the plan's optimizers and problems
//	runs/ab/ab….jsonl    the record of a finished run; ab… is its ID. See package results
//	failed/ab….jsonl     the record of a failed run, which is no result
//
// SHA256SUMS has the format of the command sha256sum, in the order of the archive, with one line
// per file: the SHA-256 in lower-case hexadecimal, two spaces, the name, a line feed. The root is
// the SHA-256 of SHA256SUMS. Hence these two commands, in a folder where the archive was unpacked,
// check all files and print the root:
//
//	sha256sum --check --quiet SHA256SUMS
//	sha256sum SHA256SUMS
//
// Records follow in the order of problem, optimizer, seed and setting, so that similar records are
// adjacent and compress well; readers rely only on the positions of the first two entries. Readers
// reject unknown names in plan.json and definitions.json, which could change the meaning of the
// rest, and ignore them in about.json. Changes that readers must know of raise [Format].
//
// # Contents
//
// A bundle contains the records that the decisions of the plan use, and no others: all runs of
// every sweep and tie step, all replicates, all runs of the declared defaults, and the last failure
// of each run that did not finish. Hence a missing tuning run is detected, since its sweep cannot
// be replayed, and so is a superfluous one.
//
// Runs may come from other bundles, which about.json names. If they were made on another platform,
// and hence by other fingerprints, definitions.json also has the definitions of that platform.
//
// # Errors
//
// Violations of the format (no tar or zstd, a file that is not listed or occurs twice, a name, type
// or size that is not allowed, bytes that the root does not name) end reading with an error. Errors
// in single files (a checksum, a record's own digest, a listed file that is missing) are [Fault]s,
// and the rest is read nevertheless. Limits: 8 MiB per record, 20 MiB for SHA256SUMS, 2 MiB for
// each other file, 4 GiB in total, 100 000 files, and 128 MiB of memory for all decoded records.
// With them a reader takes less than 512 MiB, whatever the file.
package bundle
