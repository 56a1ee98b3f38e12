package bundle

import (
	"archive/tar"
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"

	"noisebench/protocol"
	"noisebench/results"
)

// limits are the limits of a reader. Together they bound its memory, whatever the file.
type limits struct {
	total  int64 // in bytes, of all files together
	record int64 // in bytes, of one record
	head   int64 // in bytes, of one other file; SHA256SUMS may have ten times as much
	values int   // objects and nulls in the JSON of one other file
	files  int
	window uint64 // in bytes, of the decompressor
	kept   int64  // in bytes, of all decoded records in memory
	flight int64  // in bytes, of records that are being decoded; at least record
}

// The record of a run with a trace has some ten thousand bytes; definitions.json of a large plan, a
// hundred thousand. Decoding takes a few times a record's size for a while. An object of two bytes
// may take a hundred times its size.
var standard = limits{
	total: 4 << 30, record: 8 << 20, head: 2 << 20, values: 40_000, files: 100_000, window: window,
	kept: 128 << 20, flight: 8 << 20,
}

// most is the limit of the size of a file, in bytes.
func (l *limits) most(name string) int64 {
	switch {
	case isRecord(name):
		return l.record
	case name == sumsName:
		return 10 * l.head
	}
	return l.head
}

// Bundle is the contents of a bundle. Records share specs, which must not be modified.
type Bundle struct {
	Root        string
	About       About
	Plan        protocol.Plan
	Definitions Definitions
	Records     map[string]*results.Record // finished and failed ones, by ID
	Outcomes    map[string]string          // SHA-256 of all lines of a record but the last, by ID
	Losses      map[string][]float64       // of some batches of a run with a trace, evenly spaced, by ID
	Sums        map[string]string          // SHA-256 of each listed file, by name
	Size        int64                      // of all files, in bytes
	Memory      int64                      // that the records take, but for shared ones, in bytes, roughly
	Faults      []Fault                    // errors in single files
}

// Finished returns the IDs of the runs that did not fail.
func (b *Bundle) Finished() map[string]bool {
	ids := map[string]bool{}
	for id, r := range b.Records {
		if r.End.Status != results.Failed {
			ids[id] = true
		}
	}
	return ids
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
func Open(path string) (*Bundle, error) { return Options{}.Open(path) }

// Options are for reading several bundles, or traces. The zero value is that of [Open].
type Options struct {
	Traces bool // records are wanted with their traces
	// Shared has records of other bundles, which are taken from it instead of being read again; nil:
	// none. They were read with traces if those are wanted here.
	Shared *Shared
	// Progress is told, as files are read, how many of all were; nil: nobody is.
	Progress func(done, of int)
}

// Shared holds records of bundles, for others that have the same ones, byte for byte. The zero
// value is empty. It must not be used by several goroutines at the same time.
type Shared struct {
	records map[string]shared // by name and SHA-256 of the file
}

type shared struct {
	record  *results.Record
	outcome string
	losses  []float64
}

// Add adds the records of a bundle, unless it has faults.
func (s *Shared) Add(b *Bundle) {
	if s.records == nil {
		s.records = map[string]shared{}
	}
	if len(b.Faults) > 0 {
		return
	}
	for name, sum := range b.Sums {
		if id := ID(name); isRecord(name) {
			s.records[name+sum] = shared{b.Records[id], b.Outcomes[id], b.Losses[id]}
		}
	}
}

// Memory is what the records take, in bytes, roughly.
func (s *Shared) Memory() (sum int64) {
	counted := footprint{}
	for _, r := range s.records {
		sum += counted.record(r.record) + 8*int64(len(r.losses))
	}
	return sum
}

// find returns the record of a file.
func (s *Shared) find(name, sum string) (shared, bool) {
	if s == nil {
		return shared{}, false
	}
	r, ok := s.records[name+sum]
	return r, ok
}

// Open reads the bundle at path.
func (o Options) Open(path string) (*Bundle, error) {
	f, err := results.OpenRegular(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read bundle: %w", err)
	}
	defer f.Close()
	b, err := read(f, standard, o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return b, nil
}

func read(r io.Reader, most limits, o Options) (*Bundle, error) {
	b := &Bundle{
		Records: map[string]*results.Record{}, Outcomes: map[string]string{},
		Losses: map[string][]float64{},
	}
	pool, files := newDecoders(b, most, o), 0
	err := walk(r, most, func(name string, contents []byte) error {
		b.Size += int64(len(contents))
		if files++; o.Progress != nil && name != sumsName {
			o.Progress(files, 1+len(b.Sums))
		}
		switch name {
		case sumsName:
			return b.readSums(contents)
		case aboutName, planName, definitionsName:
			pool.check(name, contents)
			if n := bytes.Count(contents, []byte("{")) +
				bytes.Count(contents, []byte("null")); n > most.values {
				return fmt.Errorf("%s has %d values, want at most %d", name, n, most.values)
			}
		}
		switch name {
		case aboutName:
			return b.readAbout(contents)
		case planName:
			return strict(name, contents, &b.Plan)
		case definitionsName:
			return strict(name, contents, &b.Definitions)
		}
		return pool.add(file{name, contents})
	})
	pool.wait()
	b.Memory = pool.kept
	if err = cmp.Or(err, pool.err); err != nil {
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
	f, err := results.OpenRegular(path)
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
// order, and that the file is what Create writes for these contents, but for the compression: so
// the root names all that it holds.
func walk(r io.Reader, most limits, visit func(name string, contents []byte) error) error {
	z, err := zstd.NewReader(&oneFrame{r: bufio.NewReader(r)}, zstd.WithDecoderMaxWindow(most.window),
		zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
	if err != nil {
		return fmt.Errorf("not a bundle: %w", err)
	}
	defer z.Close()
	is, want := sha256.New(), sha256.New()
	plain := io.TeeReader(z, is)
	archive, again := tar.NewReader(plain), tar.NewWriter(want)
	seen := map[string]bool{}
	listed := map[string]int{} // place in SHA256SUMS
	order := []string{sumsName, aboutName, planName, definitionsName}
	var total int64
	place := -1
	for {
		h, err := archive.Next()
		if err == io.EOF {
			break
		}
		switch {
		case err != nil && len(seen) == 0 && !errors.Is(err, io.ErrUnexpectedEOF) &&
			!errors.Is(err, errMore):
			return fmt.Errorf("not a bundle, want a tar archive compressed by zstd: %w", err)
		case err != nil:
			return broken(err)
		case len(seen) < 2 && h.Name != order[len(seen)]:
			return fmt.Errorf("file %d of the archive is %.80q, want %s: not a bundle, or not "+
				"of this format",
				len(seen)+1, h.Name, order[len(seen)])
		case !slices.Contains(order, h.Name) && !isRecord(h.Name):
			return fmt.Errorf("a file is named %.80q, which does not belong in a bundle", h.Name)
		case h.Typeflag != tar.TypeReg:
			return fmt.Errorf("%s is not a regular file", h.Name)
		case seen[h.Name]:
			return fmt.Errorf("%s comes twice", h.Name)
		case h.Name != sumsName && listed[h.Name] == 0:
			return fmt.Errorf("%s is not listed in %s: it was added", h.Name, sumsName)
		case listed[h.Name] < place:
			return fmt.Errorf("%s comes later in %s than in the archive, want one order", h.Name, sumsName)
		case h.Size > most.most(h.Name):
			return fmt.Errorf("%s claims to have %d bytes, want at most %d", h.Name, h.Size,
				most.most(h.Name))
		case total+h.Size > most.total:
			return fmt.Errorf("the files claim to have more than %d bytes together", most.total)
		}
		seen[h.Name], place = true, listed[h.Name]
		total += h.Size
		var contents bytes.Buffer
		contents.Grow(int(min(h.Size, 1<<16)) + bytes.MinRead) // a false size costs nothing
		if _, err := contents.ReadFrom(archive); err != nil {
			return broken(err)
		}
		if err := again.WriteHeader(header(h.Name, h.Size)); err != nil {
			return broken(err)
		}
		if _, err := again.Write(contents.Bytes()); err != nil {
			return broken(err)
		}
		if h.Name == sumsName {
			_, names, err := parseSums(contents.Bytes(), most.files)
			if err != nil {
				return err
			}
			for i, name := range names {
				listed[name] = 1 + i
			}
		}
		if err := visit(h.Name, contents.Bytes()); err != nil {
			return err
		}
	}
	// The archive may end before the file. Reading to the end verifies the checksum of the
	// compressed data.
	rest, err := io.Copy(io.Discard, io.LimitReader(plain, 1))
	switch {
	case err != nil:
		return broken(err)
	case rest > 0:
		return errMore
	}
	for _, name := range order {
		if !seen[name] {
			return fmt.Errorf("%s is missing: the bundle was cut off or is none", name)
		}
	}
	if err := again.Close(); err != nil {
		return broken(err)
	}
	if !bytes.Equal(is.Sum(nil), want.Sum(nil)) {
		return errors.New("the archive says more of its files than names and contents, which the root " +
			"does not name; pack it anew by bench publish")
	}
	return nil
}

// errMore is the error for bytes that the root does not name.
var errMore = errors.New("there is more after the end of the archive, which the root does not name")

// oneFrame passes on one frame of Zstandard (RFC 8878, 3.1.1). What follows it, or a frame that
// decoders skip, is an error: decoders pass over both.
type oneFrame struct {
	r    *bufio.Reader
	left int // bytes to pass on before the next part
	next func(*oneFrame) error
	sum  bool // a checksum follows the last block
}

// Read implements io.Reader.
func (f *oneFrame) Read(p []byte) (int, error) {
	for f.left == 0 {
		if f.next == nil {
			f.next = (*oneFrame).header
		}
		if err := f.next(f); err != nil {
			return 0, err
		}
	}
	n, err := f.r.Read(p[:min(len(p), f.left)])
	f.left -= n
	return n, err
}

func (f *oneFrame) header() error {
	start, err := f.r.Peek(zstd.HeaderMaxSize)
	if len(start) == 0 {
		return err
	}
	var h zstd.Header
	switch {
	case h.Decode(start) != nil:
		f.left = math.MaxInt // the decoder says what is wrong
	case h.Skippable:
		return errMore
	default:
		f.left, f.sum, f.next = h.HeaderSize, h.HasCheckSum, (*oneFrame).block
	}
	return nil
}

func (f *oneFrame) block() error {
	b, err := f.r.Peek(3)
	if len(b) < 3 {
		return cmp.Or(err, io.ErrUnexpectedEOF)
	}
	is := int(b[0]) | int(b[1])<<8 | int(b[2])<<16
	const repeated = 1 // a block of one byte, which stands for many
	size := is >> 3
	if is>>1&3 == repeated {
		size = 1
	}
	f.left = len(b) + size
	if last := is&1 == 1; last {
		if f.next = (*oneFrame).end; f.sum {
			f.left += 4
		}
	}
	return nil
}

func (f *oneFrame) end() error {
	_, err := f.r.Peek(1)
	if err == nil {
		return errMore
	}
	return err
}

func broken(err error) error {
	if errors.Is(err, errMore) {
		return errMore
	}
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
	return ok && len(rest) > 3 && rest[2] == '/' && rest[:2] == rest[3:min(5, len(rest))] &&
		isSum(rest[3:])
}

func isSum(s string) bool {
	return len(s) == 2*sha256.Size && strings.Trim(s, "0123456789abcdef") == ""
}

// parseSums returns the sums of the listed files by their names, and the names in their order.
func parseSums(contents []byte, most int) (sums map[string]string, names []string, err error) {
	sums = map[string]string{}
	for line := range strings.Lines(string(contents)) {
		sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		switch {
		case !ok || !isSum(sum) || name == sumsName:
			return nil, nil, fmt.Errorf("%s has the line %.80q, want a SHA-256, two spaces and the name "+
				"of another file", sumsName, line)
		case sums[name] != "":
			return nil, nil, fmt.Errorf("%s lists %.80q twice", sumsName, name)
		case len(sums) == most:
			return nil, nil, fmt.Errorf("%s lists more than %d files", sumsName, most)
		}
		sums[name] = sum
		names = append(names, name)
	}
	return sums, names, nil
}

func (b *Bundle) readSums(contents []byte) (err error) {
	sum := sha256.Sum256(contents)
	b.Root = hex.EncodeToString(sum[:])
	b.Sums, _, err = parseSums(contents, standard.files)
	return err
}

func (b *Bundle) readAbout(contents []byte) error {
	if err := json.Unmarshal(contents, &b.About); err != nil {
		return fmt.Errorf("%s: %w", aboutName, err)
	}
	if b.About.Format < 1 || b.About.Format > Format {
		return fmt.Errorf("the bundle has format %d, this bench reads formats 1 to %d; get a later one",
			b.About.Format, Format)
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
	most   limits
	shared *Shared
	work   chan file
	done   sync.WaitGroup
	mu     sync.Mutex // guards the fields below and the bundle's Records, Outcomes and Faults
	b      *Bundle
	seen   map[string]bool
	// flight and kept count bytes: of records that wait or are being decoded, and of decoded ones.
	// landed is for who waits until flight is less.
	flight, kept int64
	landed       sync.Cond
	err          error // that ends reading
}

func newDecoders(b *Bundle, most limits, o Options) *decoders {
	c := &decoders{
		most: most, shared: o.Shared, work: make(chan file, 64), b: b, seen: map[string]bool{},
	}
	c.landed.L = &c.mu
	for range min(runtime.GOMAXPROCS(0), workers) {
		c.done.Go(func() {
			memory := footprint{}
			decode := results.Decode
			old := int64(renew) // bytes decoded since decode was made
			for f := range c.work {
				size := int64(len(f.contents))
				if old += size; !o.Traces && old > renew {
					decode, old = new(results.Decoder).Decode, size
				}
				if !c.record(decode, memory, f) {
					old = renew
				}
				c.mu.Lock()
				c.flight -= size
				c.landed.Signal()
				c.mu.Unlock()
			}
		})
	}
	return c
}

// A results.Decoder keeps what records have in common, with its text, even of those that turn out
// to be damaged. Each worker makes a new one after a damaged one, and after renew bytes, so that
// this is bounded.
const (
	workers = 8
	renew   = 4 << 20
)

// add has a record decoded, once there is memory for it.
func (c *decoders) add(f file) error {
	size := int64(len(f.contents))
	c.mu.Lock()
	for c.flight > 0 && c.flight+size > c.most.flight {
		c.landed.Wait()
	}
	c.flight += size
	err := c.err
	c.mu.Unlock()
	c.work <- f
	return err
}

func (c *decoders) wait() {
	close(c.work)
	c.done.Wait()
}

// longest is the limit of the lines of a record that hold neither points nor a trace, in bytes.
// Such a line may take many times its size in memory. The problem's has the blocks of a network.
const longest = 128 << 10

// overlong returns an error about a line that is too long to decode.
func overlong(contents []byte) error {
	for line := range bytes.Lines(contents) {
		if len(line) > longest && !bytes.HasPrefix(line, []byte(`{"trace":`)) {
			return fmt.Errorf("a line has %d bytes, want at most %d", len(line), longest)
		}
	}
	return nil
}

// record adds one record to the bundle, and reports whether it could.
func (c *decoders) record(
	decode func(string, []byte) (*results.Record, error), memory footprint, f file,
) bool {
	digest := sha256.Sum256(f.contents)
	sum := hex.EncodeToString(digest[:])
	if known, ok := c.shared.find(f.name, sum); ok && sum == c.b.Sums[f.name] {
		return c.keep(f.name, known, 0)
	}
	var r *results.Record
	err := errSum
	if sum == c.b.Sums[f.name] {
		err = overlong(f.contents)
	}
	if err == nil {
		r, err = decode(f.name, f.contents)
	}
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
	if err != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.seen[f.name] = true
		c.b.Faults = append(c.b.Faults, Fault{f.name, err})
		return false
	}
	losses := batchLosses(f.contents)
	return c.keep(f.name, shared{r, outcome(f.contents), losses},
		memory.record(r)+8*int64(len(losses)))
}

// keep adds a record that takes so many bytes to the bundle, and reports whether there is room.
func (c *decoders) keep(name string, r shared, bytes int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[name] = true
	if c.kept += bytes; c.kept > c.most.kept {
		if c.err == nil {
			c.err = fmt.Errorf("its records take more than %d MiB of memory; publish smaller plans",
				c.most.kept>>20)
		}
		return false
	}
	id := ID(name)
	if other := c.b.Records[id]; other != nil {
		c.b.Faults = append(c.b.Faults,
			Fault{name, errors.New("the run has two records, one of them failed")})
		if r.record.End.Status == results.Failed {
			return true
		}
	}
	c.b.Records[id], c.b.Outcomes[id] = r.record, r.outcome
	if r.losses != nil {
		c.b.Losses[id] = r.losses
	}
	return true
}

// mostLosses is how many batch losses of a run are kept.
const mostLosses = 32

// batchLosses returns losses of batches in the trace of a decoded, hence valid record: of every
// k-th step in it, for the least k that gives at most mostLosses. NaN stands for those that are not
// finite.
func batchLosses(contents []byte) (losses []float64) {
	at := bytes.Index(contents, []byte("\n{\"trace\":"))
	if at < 0 {
		return nil
	}
	line, _, _ := bytes.Cut(contents[at+1:], []byte("\n"))
	_, list, _ := bytes.Cut(line, []byte(`"loss":[`))
	list, _, _ = bytes.Cut(list, []byte("]"))
	if len(list) == 0 {
		return nil
	}
	n := 1 + bytes.Count(list, []byte(","))
	k := (n + mostLosses - 1) / mostLosses
	losses = make([]float64, 0, (n+k-1)/k)
	for i := 0; len(list) > 0; i++ {
		word, rest, _ := bytes.Cut(list, []byte(","))
		list = rest
		if i%k != 0 {
			continue
		}
		v, err := strconv.ParseFloat(string(word), 64)
		if err != nil {
			v = math.NaN()
		}
		losses = append(losses, v)
	}
	return losses
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
