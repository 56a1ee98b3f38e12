package bundle

import (
	"archive/tar"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/zstd"

	"noisebench/protocol"
	"noisebench/results"
)

// Extension is the extension of bundles' file names.
const Extension = ".noisebench.tar.zst"

// The names of files in a bundle.
const (
	sumsName        = "SHA256SUMS"
	aboutName       = "about.json"
	planName        = "plan.json"
	definitionsName = "definitions.json"
)

// window is the window size of the compressor, in bytes. It spans several thousand records.
const window = 32 << 20

// Packed describes a written bundle.
type Packed struct {
	Root   string // identifies the contents
	Files  int
	Size   int64 // of the contents, in bytes
	Packed int64 // of the file, in bytes
}

// entry is a file to be packed: its contents, or their path.
type entry struct {
	name     string
	contents []byte
	path     string
	sum      [sha256.Size]byte
	size     int64
	key      string // sort key of records
}

// Create writes a bundle to path atomically, replacing any file there. records are the paths of the
// records that the plan uses. Create fills in the facts of about.
func Create(
	path string, about About, plan *protocol.Plan, definitions *Definitions, records []string,
) (Packed, error) {
	entries, err := collect(about, plan, definitions, records)
	if err != nil {
		return Packed{}, err
	}
	var packed Packed
	err = results.WriteWhole(path, func(w io.Writer) (err error) {
		packed, err = write(w, entries)
		return err
	})
	if err != nil {
		return Packed{}, fmt.Errorf("cannot write bundle: %w", err)
	}
	return packed, nil
}

// collect reads everything that goes into a bundle, once, and sorts it.
func collect(
	about About, plan *protocol.Plan, definitions *Definitions, paths []string,
) ([]entry, error) {
	var decoder results.Decoder
	var entries []entry
	var records []*results.Record
	for _, path := range paths {
		data, err := results.ReadRecord(path)
		if err == nil && int64(len(data)) > standard.record {
			err = fmt.Errorf("%s has more than %d bytes", path, standard.record)
		}
		if err != nil {
			return nil, fmt.Errorf("cannot pack record: %w; if it is too long, evaluate or trace less often",
				err)
		}
		r, err := decoder.Decode(path, data)
		if err != nil {
			return nil, fmt.Errorf("cannot pack record: %w", err)
		}
		problem, err := json.Marshal(r.Run.Problem)
		if err != nil {
			return nil, fmt.Errorf("cannot pack record %s: %w", path, err)
		}
		id := r.Run.ID()
		name := "runs/" + id[:2] + "/" + id + ".jsonl"
		if r.End.Status == results.Failed {
			name = "failed/" + id + ".jsonl"
		}
		entries = append(entries, entry{
			name: name, path: path, sum: sha256.Sum256(data), size: int64(len(data)),
			key: fmt.Sprintf("%s\x00%s\x00%020d\x00%s\x00%s", problem, r.Run.Optimizer.Name, r.Run.Seed,
				r.Run.Optimizer.Setting, id),
		})
		records = append(records, r)
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.key, b.key) })
	about.Format, about.Facts = Format, Derive(plan, records)
	var head []entry
	for _, e := range []struct {
		name  string
		value any
	}{{aboutName, about}, {planName, plan}, {definitionsName, definitions}} {
		contents, err := json.MarshalIndent(e.value, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("cannot write %s: %w", e.name, err)
		}
		contents = append(contents, '\n')
		head = append(head, entry{
			name: e.name, contents: contents, sum: sha256.Sum256(contents), size: int64(len(contents)),
		})
	}
	return append(head, entries...), nil
}

// write packs entries, preceded by the list of them.
func write(w io.Writer, entries []entry) (Packed, error) {
	counter := &counter{w: w}
	z, err := zstd.NewWriter(counter, zstd.WithEncoderLevel(zstd.SpeedBetterCompression),
		zstd.WithWindowSize(window), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(true))
	if err != nil {
		return Packed{}, err
	}
	archive := tar.NewWriter(z)
	list := new(bytes.Buffer)
	for _, e := range entries {
		fmt.Fprintf(list, "%x  %s\n", e.sum, e.name)
	}
	sum := sha256.Sum256(list.Bytes())
	packed := Packed{Root: hex.EncodeToString(sum[:])}
	entries = slices.Insert(slices.Clone(entries), 0,
		entry{name: sumsName, contents: list.Bytes(), sum: sum, size: int64(list.Len())})
	for _, e := range entries {
		contents := e.contents
		if contents == nil {
			if contents, err = results.ReadRecord(e.path); err != nil {
				break
			}
			if sha256.Sum256(contents) != e.sum {
				err = fmt.Errorf("%s changed while it was being packed; try again", e.path)
				break
			}
		}
		if err = archive.WriteHeader(header(e.name, e.size)); err != nil {
			break
		}
		if _, err = archive.Write(contents); err != nil {
			break
		}
		packed.Files++
		packed.Size += e.size
	}
	if err == nil {
		err = archive.Close()
	}
	err = errors.Join(err, z.Close())
	packed.Packed = counter.n
	return packed, err
}

// header is the header of a file in an archive. It says no more than the root names.
func header(name string, size int64) *tar.Header {
	return &tar.Header{
		Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: size, Format: tar.FormatUSTAR,
	}
}

// counter counts the bytes written.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// FileName returns the default file name for the bundle of a plan.
func FileName(plan string) string { return results.FileName(plan) + Extension }
