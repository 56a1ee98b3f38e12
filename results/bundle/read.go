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
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"

	"noisebench/protocol"
	"noisebench/results"
)

// limits are the limits of a reader.
type limits struct {
	file, total int64 // in bytes, of one file and of all together
	files       int
	window      uint64 // in bytes, of the decompressor
}

var standard = limits{file: 64 << 20, total: 4 << 30, files: 1_000_000, window: 128 << 20}

// Bundle is the contents of a bundle. Records share specs, which must not be modified.
type Bundle struct {
	Root        string
	About       About
	Plan        protocol.Plan
	Definitions Definitions
	Records     map[string]*results.Record // finished and failed ones, by ID
	Outcomes    map[string]string          // SHA-256 of all lines of a record but the last, by ID
	Sums        map[string]string          // SHA-256 of each listed file, by name
	Size        int64                      // of all files, in bytes
	Faults      []Fault                    // errors in single files
}

// Fault is an error in one file of a bundle, which is then ignored.
type Fault struct {
	File string
	Err  error
}

func (f Fault) Error() string { return f.File + ": " + f.Err.Error() }

// Unwrap returns Err.
func (f Fault) Unwrap() error { return f.Err }

var (
	errAbsent = errors.New("is listed in " + sumsName + " and is not there")
	errSum    = errors.New("its SHA-256 is not the one in " + sumsName + ": it was changed or damaged")
)

// Open reads the bundle at path, without the traces of records.
func Open(path string) (*Bundle, error) { return open(path, false) }

// OpenTraced is [Open] with the traces.
func OpenTraced(path string) (*Bundle, error) { return open(path, true) }

func open(path string, traces bool) (*Bundle, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read bundle: %w", err)
	}
	defer f.Close()
	b, err := read(f, standard, traces)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return b, nil
}

func read(r io.Reader, most limits, traces bool) (*Bundle, error) {
	b := &Bundle{Records: map[string]*results.Record{}, Outcomes: map[string]string{}}
	pool := newDecoders(b, traces)
	err := walk(r, most, func(name string, contents []byte) error {
		b.Size += int64(len(contents))
		switch name {
		case sumsName:
			return b.readSums(contents)
		case aboutName:
			pool.check(name, contents)
			return b.readAbout(contents)
		case planName:
			pool.check(name, contents)
			return strict(name, contents, &b.Plan)
		case definitionsName:
			pool.check(name, contents)
			return strict(name, contents, &b.Definitions)
		}
		pool.work <- file{name, contents}
		return nil
	})
	pool.wait()
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(b.Sums)) {
		if !pool.seen[name] && isRecord(name) {
			b.Faults = append(b.Faults, Fault{name, errAbsent})
		}
	}
	slices.SortStableFunc(b.Faults, func(a, c Fault) int { return cmp.Compare(a.File, c.File) })
	return b, nil
}

// Raw calls visit with the ID and the bytes of each record of the bundle at path, in the order of
// the bundle. visit may keep the bytes. An error of visit ends Raw and is returned.
func Raw(path string, visit func(id string, contents []byte) error) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("cannot read bundle: %w", err)
	}
	defer f.Close()
	return walk(f, standard, func(name string, contents []byte) error {
		if !isRecord(name) {
			return nil
		}
		return visit(ID(name), contents)
	})
}

// RawRecord returns the bytes of one record of the bundle at path.
func RawRecord(path, id string) (raw []byte, err error) {
	found := errors.New("found")
	err = Raw(path, func(name string, contents []byte) error {
		if name == id {
			raw = contents
			return found
		}
		return nil
	})
	if !errors.Is(err, found) {
		return nil, fmt.Errorf("%s: there is no record of run %s: %w", path, id, cmp.Or(err, io.EOF))
	}
	return raw, nil
}

// walk calls visit for the files of an archive. It enforces the rules for names, types, sizes and
// order.
func walk(r io.Reader, most limits, visit func(name string, contents []byte) error) error {
	z, err := zstd.NewReader(r, zstd.WithDecoderMaxWindow(most.window), zstd.WithDecoderConcurrency(2))
	if err != nil {
		return fmt.Errorf("not a bundle: %w", err)
	}
	defer z.Close()
	archive := tar.NewReader(z)
	seen := map[string]bool{}
	listed := map[string]bool{}
	order := []string{sumsName, aboutName, planName, definitionsName}
	var total int64
	for {
		h, err := archive.Next()
		if err == io.EOF {
			break
		}
		switch {
		case err != nil && len(seen) == 0 && !errors.Is(err, io.ErrUnexpectedEOF):
			return fmt.Errorf("not a bundle, want a tar archive compressed by zstd: %w", err)
		case err != nil:
			return broken(err)
		case len(seen) < 2 && h.Name != order[len(seen)]:
			return fmt.Errorf("file %d of the archive is %.80q, want %s: not a bundle, or not of this format",
				len(seen)+1, h.Name, order[len(seen)])
		case !slices.Contains(order, h.Name) && !isRecord(h.Name):
			return fmt.Errorf("a file is named %.80q, which does not belong in a bundle", h.Name)
		case h.Typeflag != tar.TypeReg:
			return fmt.Errorf("%s is not a regular file", h.Name)
		case seen[h.Name]:
			return fmt.Errorf("%s comes twice", h.Name)
		case h.Name != sumsName && !listed[h.Name]:
			return fmt.Errorf("%s is not listed in %s: it was added", h.Name, sumsName)
		case h.Size > most.file:
			return fmt.Errorf("%s claims to have %d bytes, want at most %d", h.Name, h.Size, most.file)
		case total+h.Size > most.total:
			return fmt.Errorf("the files claim to have more than %d bytes together", most.total)
		}
		seen[h.Name] = true
		total += h.Size
		// grows with the data, so that a false size costs nothing
		contents, err := io.ReadAll(archive)
		if err != nil {
			return broken(err)
		}
		if h.Name == sumsName {
			sums, err := parseSums(contents, most.files)
			if err != nil {
				return err
			}
			for name := range sums {
				listed[name] = true
			}
		}
		if err := visit(h.Name, contents); err != nil {
			return err
		}
	}
	// The archive may end before the file. Reading to the end verifies the checksum of the
	// compressed data.
	rest, err := io.Copy(io.Discard, io.LimitReader(z, 1<<20+1))
	switch {
	case err != nil:
		return broken(err)
	case rest > 1<<20:
		return errors.New("there is more after the end of the archive")
	}
	for _, name := range order {
		if !seen[name] {
			return fmt.Errorf("%s is missing: the bundle was cut off or is none", name)
		}
	}
	return nil
}

func broken(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the file is cut off: %w; get it again", err)
	}
	return fmt.Errorf("the file is damaged: %w; get it again", err)
}

// isRecord reports whether a name is runs/ab/ab….jsonl or failed/ab….jsonl.
func isRecord(name string) bool {
	id, ok := strings.CutSuffix(name, ".jsonl")
	if !ok {
		return false
	}
	if rest, failed := strings.CutPrefix(id, "failed/"); failed {
		return isSum(rest)
	}
	rest, ok := strings.CutPrefix(id, "runs/")
	return ok && len(rest) > 3 && rest[2] == '/' && rest[:2] == rest[3:min(5, len(rest))] && isSum(rest[3:])
}

func isSum(s string) bool {
	return len(s) == 2*sha256.Size && strings.Trim(s, "0123456789abcdef") == ""
}

func parseSums(contents []byte, most int) (map[string]string, error) {
	sums := map[string]string{}
	for line := range strings.Lines(string(contents)) {
		sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		switch {
		case !ok || !isSum(sum) || name == sumsName:
			return nil, fmt.Errorf("%s has the line %.80q, want a SHA-256, two spaces and the name of another file", sumsName, line)
		case sums[name] != "":
			return nil, fmt.Errorf("%s lists %.80q twice", sumsName, name)
		case len(sums) == most:
			return nil, fmt.Errorf("%s lists more than %d files", sumsName, most)
		}
		sums[name] = sum
	}
	return sums, nil
}

func (b *Bundle) readSums(contents []byte) (err error) {
	sum := sha256.Sum256(contents)
	b.Root = hex.EncodeToString(sum[:])
	b.Sums, err = parseSums(contents, standard.files)
	return err
}

func (b *Bundle) readAbout(contents []byte) error {
	if err := json.Unmarshal(contents, &b.About); err != nil {
		return fmt.Errorf("%s: %w", aboutName, err)
	}
	if b.About.Format < 1 || b.About.Format > Format {
		return fmt.Errorf("the bundle has format %d, this bench reads formats 1 to %d; get a later one", b.About.Format, Format)
	}
	return nil
}

// check records a fault for a file with a wrong checksum.
func (c *decoders) check(name string, contents []byte) {
	if sum := sha256.Sum256(contents); hex.EncodeToString(sum[:]) != c.b.Sums[name] {
		c.mu.Lock()
		c.b.Faults = append(c.b.Faults, Fault{name, errSum})
		c.mu.Unlock()
	}
}

// strict decodes JSON and rejects unknown names.
func strict(name string, contents []byte, value any) error {
	d := json.NewDecoder(bytes.NewReader(contents))
	d.DisallowUnknownFields()
	err := d.Decode(value)
	if err == nil && d.More() {
		err = errors.New("there is more than one value")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

type file struct {
	name     string
	contents []byte
}

// decoders checks and decodes records concurrently.
type decoders struct {
	work chan file
	done sync.WaitGroup
	mu   sync.Mutex // guards the fields below and the bundle's Records, Outcomes and Faults
	b    *Bundle
	seen map[string]bool
}

func newDecoders(b *Bundle, traces bool) *decoders {
	c := &decoders{work: make(chan file, 64), b: b, seen: map[string]bool{}}
	for range runtime.GOMAXPROCS(0) {
		c.done.Go(func() {
			decode := new(results.Decoder).Decode
			if traces {
				decode = results.Decode
			}
			for f := range c.work {
				c.record(decode, f)
			}
		})
	}
	return c
}

func (c *decoders) wait() {
	close(c.work)
	c.done.Wait()
}

// record adds one record to the bundle.
func (c *decoders) record(decode func(string, []byte) (*results.Record, error), f file) {
	sum := sha256.Sum256(f.contents)
	r, err := decode(f.name, f.contents)
	var syntax *results.SyntaxError
	if errors.As(err, &syntax) {
		err = errors.New(syntax.Msg) // the fault names the file
	}
	if err == nil && r.Imported != nil {
		err = fmt.Errorf("imported from %s: a bundle holds runs that noisebench made", r.Imported.Source)
	}
	if err == nil {
		if failed := strings.HasPrefix(f.name, "failed/"); failed != (r.End.Status == results.Failed) {
			err = fmt.Errorf("the run's status is %s: it is in the wrong folder", r.End.Status)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[f.name] = true
	if hex.EncodeToString(sum[:]) != c.b.Sums[f.name] {
		err = errSum
	}
	if err != nil {
		c.b.Faults = append(c.b.Faults, Fault{f.name, err})
		return
	}
	id := ID(f.name)
	if other := c.b.Records[id]; other != nil {
		c.b.Faults = append(c.b.Faults, Fault{f.name, errors.New("the run has two records, one of them failed")})
		if r.End.Status == results.Failed {
			return
		}
	}
	c.b.Records[id], c.b.Outcomes[id] = r, outcome(f.contents)
}

// ID returns the ID of the run of a record by the name of the record's file.
func ID(name string) string {
	return strings.TrimSuffix(name[strings.LastIndexByte(name, '/')+1:], ".jsonl")
}

// outcome returns the digest at the end of a decoded, hence valid record: the SHA-256 of all lines
// but the last.
func outcome(contents []byte) string {
	_, last := results.SplitOutcome(contents)
	var end struct {
		Digest string `json:"digest"`
	}
	_ = json.Unmarshal(last, &end) // Decode has read it without an error
	return end.Digest
}
