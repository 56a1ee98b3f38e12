package data

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// isolate restricts the search for data to two empty folders, $NOISEBENCH_DATA and the cache, and
// returns them.
func isolate(t *testing.T) (first, cache string) {
	t.Helper()
	first, cache = t.TempDir(), t.TempDir()
	t.Setenv(Folder, first)
	t.Setenv("GOMODCACHE", t.TempDir())
	// Unix, macOS, Windows
	for _, name := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} {
		t.Setenv(name, cache)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return first, cache
}

func packed(t *testing.T, contents string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(contents)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tiny is a set of two files with these contents.
func tiny(t *testing.T, a, b string) *Set {
	t.Helper()
	set := &Set{Name: "tiny"}
	for i, contents := range []string{a, b} {
		sum := sha256.Sum256([]byte(contents))
		set.Files = append(set.Files, File{
			Name: "ab"[i : i+1], Size: int64(len(contents)), SHA256: hex.EncodeToString(sum[:]),
			Packed: int64(len(packed(t, contents))),
		})
	}
	return set
}

func write(t *testing.T, folder, name string, contents []byte) {
	t.Helper()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name), contents, 0o644); err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("got error %v, want it to say %q", err, part)
		}
	}
}

func TestEmbedded(t *testing.T) {
	for _, set := range []*Set{BreastCancer, Digits, Opticks} {
		if place, err := set.Verify(); place != "embedded" || err != nil {
			t.Errorf("%s is at %q with error %v", set.Name, place, err)
		}
	}
	rows, labels, err := ReadBreastCancer()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 569 || len(rows[568]) != 30 || bytes.Count(labels, []byte{1}) != 357 || rows[0][3] != 1001 {
		t.Errorf("%d tumours, %d of them benign, with a first area of %g; want 569, 357 and 1001",
			len(rows), bytes.Count(labels, []byte{1}), rows[0][3])
	}
	images, err := ReadDigits()
	if err != nil {
		t.Fatal(err)
	}
	if images.Len() != 1797 || len(images.Pixels) != 1797*64 || bytes.Count(images.Labels, []byte{8}) != 174 {
		t.Errorf("%d images with %d pixels, %d of them an 8; want 1797, 115008 and 174",
			images.Len(), len(images.Pixels), bytes.Count(images.Labels, []byte{8}))
	}
}

// Shapes and sums stated by the sources or computed by other means (awk).
func TestEmbeddedTables(t *testing.T) {
	for _, c := range []struct {
		set            *Set
		rows, features int
		first, targets float64 // the first number, and the sum of the targets
	}{
		{Boston, 506, 13, 0.00632, 11401.6},
		{Wine, 178, 13, 14.23, 71 + 2*48}, // 59, 71 and 48 wines of the classes 0, 1 and 2
		{Yacht, 308, 6, -2.3, 3232.57},
		{Energy, 768, 8, 0.98, 17131.93},
		{PowerPlant, 9568, 4, 8.34, 4347364.41},
		{A1a, 1605, A1aFeatures, 0, 395 - 1210},
	} {
		if place, err := c.set.Verify(); place != "embedded" || err != nil {
			t.Errorf("%s is at %q with error %v", c.set.Name, place, err)
		}
		rows, err := ReadNumbers(c.set, c.features)
		if c.set == A1a {
			rows, err = ReadA1a()
		}
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, row := range rows {
			sum += row[c.features]
		}
		if len(rows) != c.rows || len(rows[0]) != c.features+1 || rows[0][0] != c.first || math.Abs(sum-c.targets) > 0.005 {
			t.Errorf("%s: %d rows of %d numbers from %g, targets sum to %.2f; want %d, %d, %g, %.2f", c.set.Name, len(rows),
				len(rows[0]), rows[0][0], sum, c.rows, c.features+1, c.first, c.targets)
		}
	}
	_, err := ReadNumbers(Yacht, 5)
	wantError(t, err, "no line", "6 numbers")
}

func TestFind(t *testing.T) {
	first, cache := isolate(t)
	set := tiny(t, "one", "two")
	_, err := set.Find()
	if !errors.Is(err, ErrMissing) {
		t.Errorf("got error %v, want ErrMissing", err)
	}
	wantError(t, err, "tiny", first, cache, "run: bench data fetch tiny")

	// A folder with only some of the files is skipped; gzipped and plain files are equivalent.
	inFirst, inCache := filepath.Join(first, "tiny"), filepath.Join(cache, "noisebench", "tiny")
	write(t, inFirst, "a", []byte("one"))
	write(t, inCache, "a", []byte("one"))
	write(t, inCache, "b.gz", packed(t, "two"))
	if place, err := set.Verify(); place != inCache || err != nil {
		t.Errorf("found at %q with error %v, want %s", place, err, inCache)
	}
	write(t, inFirst, "b", []byte("two"))
	if place, err := set.Verify(); place != inFirst || err != nil {
		t.Errorf("found at %q with error %v, want %s", place, err, inFirst)
	}
	if b, err := set.Read("b"); string(b) != "two" || err != nil {
		t.Errorf("read %q with error %v, want two", b, err)
	}
}

func TestCorrupt(t *testing.T) {
	first, _ := isolate(t)
	set := tiny(t, "one", strings.Repeat("two", 1000))
	folder := filepath.Join(first, "tiny")
	right := packed(t, strings.Repeat("two", 1000))
	write(t, folder, "a", []byte("one"))
	for _, c := range []struct {
		name     string
		contents []byte
		says     string
	}{
		{"other contents", []byte(strings.Repeat("owt", 1000)), "SHA-256"},
		{"empty", nil, "have 0 bytes, want 3000"},
		{"truncated", []byte("twotwo"), "have 6 bytes, want 3000"},
		{"truncated gzip", right[:len(right)/2], "bytes, want 3000"},
		{"too long", []byte(strings.Repeat("two", 1001)), "more than 3000 bytes"},
		{"bad gzip checksum", append(append([]byte{}, right[:len(right)-8]...), "12345678"...), "invalid checksum"},
		{"bad gzip header", append([]byte{0x1f, 0x8b}, "is not a gzip file"...), "invalid header"},
	} {
		t.Run(c.name, func(t *testing.T) {
			write(t, folder, "b", c.contents)
			place, err := set.Verify()
			if place != folder {
				t.Errorf("found at %q, want %s", place, folder)
			}
			wantError(t, err, filepath.Join(folder, "b")+" is corrupt: ", c.says, "run: bench data fetch tiny")
			if errors.Is(err, ErrMissing) {
				t.Error("a corrupt set is called missing")
			}
		})
	}
}

// A set that a package of the operating system has installed is found, after the user's own
// folders.
func TestFindInstalled(t *testing.T) {
	first, _ := isolate(t)
	set := tiny(t, "one", "two")
	set.installed = t.TempDir()
	write(t, set.installed, "a.gz", packed(t, "one"))
	write(t, set.installed, "b.gz", packed(t, "two"))
	if place, err := set.Verify(); place != set.installed || err != nil {
		t.Errorf("found at %q with error %v, want %s", place, err, set.installed)
	}
	write(t, filepath.Join(first, "tiny"), "a", []byte("one"))
	write(t, filepath.Join(first, "tiny"), "b", []byte("two"))
	if place, err := set.Verify(); place != filepath.Join(first, "tiny") || err != nil {
		t.Errorf("found at %q with error %v, want it below %s", place, err, first)
	}
}

// A file of which only the SHA-1 is known is verified by that.
func TestSHA1(t *testing.T) {
	first, _ := isolate(t)
	set := &Set{Name: "tiny", Files: []File{{
		Name: "below/a", Size: 3, SHA1: "fe05bcdcdc4928012781a5f1a2a77cbb5398e106", // sha1sum
	}}}
	write(t, filepath.Join(first, "tiny", "below"), "a", []byte("one"))
	if b, err := set.Read("below/a"); string(b) != "one" || err != nil {
		t.Errorf("read %q with error %v, want one", b, err)
	}
	write(t, filepath.Join(first, "tiny", "below"), "a", []byte("eno"))
	_, err := set.Verify()
	wantError(t, err, filepath.Join(first, "tiny", "below", "a"), "SHA-1",
		"want fe05bcdcdc4928012781a5f1a2a77cbb5398e106")
}

// A missing value is read once it is available, and then kept.
func TestKept(t *testing.T) {
	var value Kept[int]
	there := false
	read := func() (*int, error) {
		if !there {
			return nil, ErrMissing
		}
		return new(int), nil
	}
	if _, err := value.Get(read); !errors.Is(err, ErrMissing) {
		t.Errorf("got error %v, want %v", err, ErrMissing)
	}
	there = true
	first, err := value.Get(read)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := value.Get(read); second != first || err != nil {
		t.Error("the value was read twice")
	}
}

// testData returns the folder with real data that no package provides: cifar10-subset/, with 1000
// images per file, and tolstoi/war-and-peace.txt.gz. It skips the test if there is none.
func testData(t *testing.T) string {
	t.Helper()
	const variable = "NOISEBENCH_TEST_DATA"
	dir := os.Getenv(variable)
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "..", "shared", "data") // beside the repository
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("%v; set %s to a folder with cifar10-subset/ and tolstoi/war-and-peace.txt.gz", err, variable)
	}
	return dir
}

func TestParseIDX(t *testing.T) {
	good := []byte("\x00\x00\x08\x03\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x03abcdef")
	sizes, elements, err := parseIDX(good, 3)
	if err != nil || !slices.Equal(sizes, []int{2, 1, 3}) || string(elements) != "abcdef" {
		t.Errorf("got %v, %q and error %v, want [2 1 3] and abcdef", sizes, elements, err)
	}
	for _, c := range []struct {
		bytes []byte
		says  string
	}{
		{nil, "idx file has 0 bytes, want a header of 16"},
		{good[:15], "idx file has 15 bytes, want a header of 16"},
		{good[:20], "idx file of [2 1 3] has 4 elements, want 6"},
		{append(good[:22:22], 'g'), "idx file of [2 1 3] has 7 elements, want 6"},
		{append([]byte{0, 0, 8, 1}, good[4:]...), "idx file starts with 0x801, want 0x803"},
		{append([]byte{0, 0, 8, 3, 255, 255, 255, 255}, good[8:]...), "states a size of 4294967295"},
		{append([]byte{0, 0, 8, 3, 1, 0, 0, 0, 1, 0, 0, 0}, good[12:]...), "want at most 4294967296 elements"},
	} {
		_, _, err := parseIDX(c.bytes, 3)
		wantError(t, err, c.says)
	}
}

func FuzzParseIDX(f *testing.F) {
	f.Add([]byte("\x00\x00\x08\x01\x00\x00\x00\x02ab"))
	f.Add([]byte("\x00\x00\x08\x03\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x03abcdef"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, dimensions := range []int{1, 3} {
			sizes, elements, err := parseIDX(b, dimensions)
			if err != nil {
				continue
			}
			product := 1
			for _, size := range sizes {
				product *= size
			}
			if product != len(elements) || 4+4*dimensions+product != len(b) {
				t.Errorf("%d bytes gave sizes %v and %d elements", len(b), sizes, len(elements))
			}
		}
	})
}

func TestReadTable(t *testing.T) {
	rows, classes, err := readTable([]byte("1,2.5,0\n-3,4e2,9\n"), 2)
	if err != nil || len(rows) != 2 || rows[1][0] != -3 || rows[1][1] != 400 || string(classes) != "\x00\x09" {
		t.Errorf("got %v, %v and error %v", rows, classes, err)
	}
	for table, says := range map[string]string{
		"1,2,0\n1,2\n":  "row 2 has 2 fields, want 3",
		"1,two,0\n":     `row 1: strconv.ParseFloat: parsing "two"`,
		"1,2,red\n":     `row 1: strconv.ParseUint: parsing "red"`,
		"1,2,0\n1,2,-1": `row 2: strconv.ParseUint: parsing "-1"`,
	} {
		_, _, err := readTable([]byte(table), 2)
		wantError(t, err, says)
	}
}

// The list of published bundles agrees with the bundles of this source tree.
func TestPublished(t *testing.T) {
	for _, f := range Published.Files {
		text, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "results", "published", f.Name))
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%x", sha256.Sum256(text)); got != f.SHA256 || int64(len(text)) != f.Size {
			t.Errorf("%s has %d bytes and SHA-256 %s, want %d and %s; results/published/regenerate.sh writes the list",
				f.Name, len(text), got, f.Size, f.SHA256)
		}
	}
}
