package data

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// checkImages compares the sizes of a part and its first labels.
func checkImages(t *testing.T, name string, s *ImageSet, count int, shape [3]int, labels string) {
	t.Helper()
	got := [3]int{s.Height, s.Width, s.Channels}
	if s.Len() != count || got != shape || len(s.Pixels) != count*s.Size() {
		t.Fatalf("%s: %d images of %v in %d bytes, want %d of %v", name, s.Len(), got, len(s.Pixels), count, shape)
	}
	if got := string(s.Labels[:len(labels)]); got != labels {
		t.Errorf("%s: the first labels are %q, want %q", name, got, labels)
	}
}

func TestMNIST(t *testing.T) {
	images, err := ReadMNIST()
	if errors.Is(err, ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	checkImages(t, "train", &images.Train, 60_000, [3]int{28, 28, 1}, "\x05\x00\x04\x01\x09")
	checkImages(t, "test", &images.Test, 10_000, [3]int{28, 28, 1}, "\x07\x02\x01\x00\x04")
}

func TestFashionMNIST(t *testing.T) {
	images, err := ReadFashionMNIST()
	if errors.Is(err, ErrMissing) {
		t.Skipf("%v, or on Debian: apt-get install dataset-fashion-mnist", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	checkImages(t, "train", &images.Train, 60_000, [3]int{28, 28, 1}, "\x09\x00\x00\x03\x00\x02\x07\x02\x05\x05")
	checkImages(t, "test", &images.Test, 10_000, [3]int{28, 28, 1}, "\x09\x02\x01\x01\x06\x01\x04\x06\x05\x07")
	// The first picture's fourth row is the first that is not black.
	if got, want := images.Train.Image(0)[3*28+12:][:5], []byte{1, 0, 0, 13, 73}; !slices.Equal(got, want) {
		t.Errorf("row 3 of the first image has %v from column 12 on, want %v", got, want)
	}
	if again, err := ReadFashionMNIST(); again != images || err != nil {
		t.Errorf("the images were read twice (error %v)", err)
	}
}

// realFile is a file of real data and its SHA-256.
type realFile struct{ name, sha256 string }

// realSet is the set of these files in a folder of [testData], each of the same size.
func realSet(t *testing.T, folder string, size int64, files ...realFile) *Set {
	t.Helper()
	t.Setenv(Folder, testData(t))
	set := &Set{Name: folder}
	for _, f := range files {
		set.Files = append(set.Files, File{Name: f.name, Size: size, SHA256: f.sha256})
	}
	return set
}

// The first 4000 training images and the first 1000 test images of CIFAR-10. The pixels are those
// that public notebooks print for the first image of each part.
func TestCIFAR10(t *testing.T) {
	set := realSet(
		t, "cifar10-subset", 1000*3073,
		realFile{"train_0000_0999.bin", "1c5f9ea0fc1111d586f29115efd3db25eecf7db27b29aaebbe84721446b052cc"},
		realFile{"train_1000_1999.bin", "1ff6b481724f6dd4d0e45abc5a69908df8240eb59d06b4386f60e8a0b6e0bd33"},
		realFile{"train_2000_2999.bin", "58abe1a21b6aae11f861d07d539c5816d4374e828abc5010445aba0c191c6612"},
		realFile{"train_3000_3999.bin", "ea25e1f01851da5455ca82f9e2d91fc561863f74916aeaf27fb02652156d2cda"},
		realFile{"test_0000_0999.bin", "8314c96d7cd65618193bab23acdd5d4c4af15bf6dd00a1781d55beedf3be1ef5"},
	)
	images, err := readCIFAR(set, 1, 10)
	if err != nil {
		t.Fatal(err)
	}
	checkImages(t, "train", &images.Train, 4000, [3]int{32, 32, 3}, "\x06\x09\x09\x04\x01\x01\x02\x07\x08\x03")
	checkImages(t, "test", &images.Test, 1000, [3]int{32, 32, 3}, "\x03\x08\x08\x00\x06\x06\x01\x06\x03\x01")
	for _, c := range []struct {
		name      string
		image     []uint8
		from, end []uint8 // the first row's first three positions and its last
	}{
		{"train", images.Train.Image(0), []uint8{59, 62, 63, 43, 46, 45, 50, 48, 43}, []uint8{148, 124, 103}},
		{"test", images.Test.Image(0), []uint8{158, 112, 49, 159, 111, 47, 165, 116, 51}, []uint8{116, 85, 33}},
	} {
		if from, end := c.image[:9], c.image[31*3:32*3]; !slices.Equal(from, c.from) || !slices.Equal(end, c.end) {
			t.Errorf("%s: the first row is %v … %v, want %v … %v", c.name, from, end, c.from, c.end)
		}
	}
	// Over many pictures the channels have well-known means (training set: 125.3, 123.0, 113.9) and
	// differ.
	var mean [3]float64
	for i, v := range images.Train.Pixels {
		mean[i%3] += float64(v) / (4000 * 1024)
	}
	for c, want := range []float64{125.36, 122.85, 113.39} {
		if mean[c] < want-0.01 || mean[c] > want+0.01 {
			t.Errorf("mean of channel %d is %.2f, want %.2f", c, mean[c], want)
		}
	}
}

// A whole set in CIFAR-100's format, from the archive on a server to the images.
func TestCIFAR100(t *testing.T) {
	record := func(coarse, fine, seed byte) string {
		b := []byte{coarse, fine}
		for i := range 3 * 1024 {
			b = append(b, cifarByte(seed, i/1024, i%1024/32, i%32))
		}
		return string(b)
	}
	contents := map[string]string{
		"cifar-100-binary/train.bin": record(11, 19, 1) + record(15, 29, 2) + record(4, 0, 3),
		"cifar-100-binary/test.bin":  record(10, 49, 4) + record(10, 99, 5),
	}
	isolate(t)
	set := &Set{Name: "cifar-100"}
	var entries []entry
	for _, f := range CIFAR100.Files {
		sum := sha1.Sum([]byte(contents[f.Name]))
		set.Files = append(set.Files, File{
			Name: f.Name, Size: int64(len(contents[f.Name])), SHA1: hex.EncodeToString(sum[:]),
		})
		entries = append(entries, entry{f.Name, contents[f.Name], 0})
	}
	if _, err := readCIFAR(set, 2, 100); !errors.Is(err, ErrMissing) {
		t.Errorf("got error %v, want %v", err, ErrMissing)
	}
	archived(t, set, tarred(t, entries...))
	if err := set.Fetch(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	images, err := readCIFAR(set, 2, 100)
	if err != nil {
		t.Fatal(err)
	}
	checkImages(t, "train", &images.Train, 3, [3]int{32, 32, 3}, "\x13\x1d\x00")
	checkImages(t, "test", &images.Test, 2, [3]int{32, 32, 3}, "\x31\x63")
	checkPixels(t, &images.Train, 1)
	checkPixels(t, &images.Test, 4)
}

// cifarByte is the level of a pixel in generated images: all its arguments matter.
func cifarByte(seed byte, channel, row, column int) byte {
	return byte(100*int(seed) + 50*channel + 7*row + 3*column)
}

// checkPixels compares images with generated ones, with seeds from the given one on.
func checkPixels(t *testing.T, s *ImageSet, seed byte) {
	t.Helper()
	for n := range s.Len() {
		image := s.Image(n)
		for i, got := range image {
			row, column, channel := i/3/32, i/3%32, i%3
			if want := cifarByte(seed+byte(n), channel, row, column); got != want {
				t.Fatalf("image %d has %d at (%d, %d), channel %d, want %d", n, got, row, column, channel, want)
			}
		}
	}
}

func TestParseCIFARErrors(t *testing.T) {
	good := make([]byte, 2*3074)
	good[1], good[3074+1] = 99, 100
	var part ImageSet
	wantError(t, parseCIFAR(good, 2, 100, &part), "image 1 has label 100, want less than 100")
	wantError(t, parseCIFAR(good[:3075], 2, 100, &part), "file has 3075 bytes, want a multiple of 3074")
}

// Truncated or damaged files are rejected by size and checksum.
func TestCIFAR10Corrupt(t *testing.T) {
	first, _ := isolate(t)
	for _, f := range CIFAR10.Files {
		name := filepath.Join(first, "cifar-10", filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	_, err := ReadCIFAR10()
	wantError(t, err, "data_batch_1.bin is corrupt: its contents have 0 bytes, want 30730000",
		"run: bench data fetch cifar-10")
	write(t, filepath.Join(first, "cifar-10", "cifar-10-batches-bin"), "data_batch_1.bin", make([]byte, 30730000))
	_, err = ReadCIFAR10()
	wantError(t, err, "its contents have SHA-1", "want aadd24acce27caa71bf4b10992e9e7b2d74c2540")
}

func TestWarAndPeace(t *testing.T) {
	file := filepath.Join(testData(t), "tolstoi", "war-and-peace.txt.gz")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	first, _ := isolate(t)
	write(t, filepath.Join(first, "war-and-peace"), "war-and-peace.txt.gz", b)
	whole, err := WarAndPeace.Read("war-and-peace.txt")
	if err != nil {
		t.Fatal(err)
	}
	// The checksums of the cut text and of its ids were computed with sed and Python's Counter.
	checkSum(t, "cut text", cutWarAndPeace(whole), "48b5030ae673ac66db6e46c0915c04a8c18e0c83367a5836b2bae53154f339e4")
	text, err := ReadWarAndPeace()
	if err != nil {
		t.Fatal(err)
	}
	if len(text.Train) != 2_612_948 || len(text.Test) != 653_237 {
		t.Errorf("%d and %d characters, want 2612948 and 653237", len(text.Train), len(text.Test))
	}
	const symbols = " etaonihsrdlu\r\ncmwfgy,pb.vk\"'IT-APH!xBNM?SWRqzjDFECOYGK;:VL()XJ1*U802Z365Q794êà/=éä"
	if got := string(text.Symbols); got != symbols {
		t.Errorf("the symbols are %q, want %q", got, symbols)
	}
	checkSum(t, "list of ids", slices.Concat(text.Train, text.Test),
		"01a1400efaad49c0508f99816b90bf30204c3fc0e80d1062d0e6343a5dece11c")
	if again, err := ReadWarAndPeace(); again != text || err != nil {
		t.Errorf("the text was read twice (error %v)", err)
	}
}

// The test part continues the training part, and symbols are numbered from the most frequent one.
func TestOpticks(t *testing.T) {
	text, err := ReadOpticks()
	if err != nil {
		t.Fatal(err)
	}
	if len(text.Train) != OpticksTrain || len(text.Train)+len(text.Test) != 567_038 || len(text.Symbols) != 91 {
		t.Errorf("%d and %d characters, %d of them different, want %d, 567038 in all and 91", len(text.Train), len(text.Test),
			len(text.Symbols), OpticksTrain)
	}
	var back []rune
	count := make([]int, len(text.Symbols))
	for _, id := range slices.Concat(text.Train, text.Test) {
		back = append(back, text.Symbols[id])
		count[id]++
	}
	checkSum(t, "text of the ids", []byte(string(back)), Opticks.Files[0].SHA256)
	if !slices.IsSortedFunc(count, func(a, b int) int { return b - a }) {
		t.Errorf("symbols occur %v times, want the most frequent first", count)
	}
}

func checkSum(t *testing.T, what string, b []byte, want string) {
	t.Helper()
	sum := sha256.Sum256(b)
	if got := hex.EncodeToString(sum[:]); got != want {
		t.Errorf("the %s has SHA-256 %s, want %s", what, got, want)
	}
}

func TestParseText(t *testing.T) {
	text, err := parseText([]byte("éba\nabé!"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(text.Symbols), "éba\n!"; got != want {
		t.Errorf("the symbols are %q, want %q: ties in the order of appearance", got, want)
	}
	// ⌈0.8 · 8⌉ = 7
	if !bytes.Equal(text.Train, []byte{0, 1, 2, 3, 2, 1, 0}) || !bytes.Equal(text.Test, []byte{4}) {
		t.Errorf("the parts are %v and %v", text.Train, text.Test)
	}
	_, err = parseText([]byte("a\xff"))
	wantError(t, err, "text of 2 bytes is not valid UTF-8")
	var many strings.Builder
	for r := range rune(257) {
		many.WriteRune(r)
	}
	_, err = parseText([]byte(many.String()))
	wantError(t, err, "257 different characters, want at most 256")
}

func TestDeleteLines(t *testing.T) {
	for _, c := range []struct {
		first, last int
		want        string
	}{{1, 1, "b\r\nc"}, {2, 2, "a\r\nc"}, {2, 9, "a\r\n"}, {4, 9, "a\r\nb\r\nc"}} {
		if got := string(deleteLines([]byte("a\r\nb\r\nc"), c.first, c.last)); got != c.want {
			t.Errorf("without lines %d to %d: %q, want %q", c.first, c.last, got, c.want)
		}
	}
}
