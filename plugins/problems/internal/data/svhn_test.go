package data

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"os"
	"slices"
	"strings"
	"testing"
)

// matHeader is the header of a little-endian MATLAB 5 file.
var matHeader = append([]byte("MATLAB 5.0 MAT-file"+strings.Repeat(" ", 97)+strings.Repeat("\x00", 8)), 0, 1, 'I', 'M')

// element returns an element of a MATLAB 5 file, in the small form if the body fits.
func element(kind uint32, body []byte) []byte {
	le := binary.LittleEndian
	if n := len(body); n > 0 && n <= 4 {
		return append(le.AppendUint32(nil, kind|uint32(n)<<16), append(body[:n:n], make([]byte, 4-n)...)...)
	}
	b := le.AppendUint32(le.AppendUint32(nil, kind), uint32(len(body)))
	b = append(b, body...)
	if kind != miCompressed {
		b = append(b, make([]byte, -len(body)&7)...)
	}
	return b
}

// matrix writes an array of bytes of class uint8.
func matrix(name string, elements []byte, size ...int) []byte {
	var sizes []byte
	for _, n := range size {
		sizes = binary.LittleEndian.AppendUint32(sizes, uint32(n))
	}
	return element(miMatrix, slices.Concat(
		element(miUint32, []byte{9, 0, 0, 0, 0, 0, 0, 0}), element(miInt32, sizes),
		element(miInt8, []byte(name)), element(miUint8, elements),
	))
}

func deflated(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func compressed(t testing.TB, b []byte) []byte { return element(miCompressed, deflated(t, b)) }

// houses writes images in the format of SVHN, with these labels.
func houses(t testing.TB, pack func(testing.TB, []byte) []byte, seed byte, labels ...byte) []byte {
	var x []byte
	for n := range labels {
		for c := range 3 {
			for column := range 32 {
				for row := range 32 {
					x = append(x, cifarByte(seed+byte(n), c, row, column))
				}
			}
		}
	}
	return slices.Concat(
		matHeader, pack(t, matrix("X", x, 32, 32, 3, len(labels))), pack(t, matrix("y", labels, len(labels), 1)),
	)
}

// A whole set in SVHN's format, from the server to the images.
func TestSVHN(t *testing.T) {
	train, test := houses(t, compressed, 1, 1, 10, 9, 2, 10), houses(t, compressed, 40, 5, 10, 10)
	isolate(t)
	set := tiny(t, string(train), string(test))
	for i := range set.Files {
		set.Files[i].Name, set.Files[i].Packed = SVHN.Files[i].Name, 0
	}
	server := serve(t, map[string]string{set.Files[0].Name: string(train), set.Files[1].Name: string(test)})
	set.mirrors = []string{server.URL + "/"}
	if err := set.Fetch(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	images, err := readSVHN(set)
	if err != nil {
		t.Fatal(err)
	}
	checkImages(t, "train", &images.Train, 5, [3]int{32, 32, 3}, "\x01\x00\x09\x02\x00")
	checkImages(t, "test", &images.Test, 3, [3]int{32, 32, 3}, "\x05\x00\x00")
	checkPixels(t, &images.Train, 1)
	checkPixels(t, &images.Test, 40)

	// Files need not be compressed.
	plain, err := parseSVHN(houses(t, func(_ testing.TB, b []byte) []byte { return b }, 7, 10, 3))
	if err != nil {
		t.Fatal(err)
	}
	checkImages(t, "plain", &plain, 2, [3]int{32, 32, 3}, "\x00\x03")
	checkPixels(t, &plain, 7)
}

// The file was written by another implementation: savemat of SciPy 1.10.1, compressed, with the
// same pixels.
func TestSVHNFromSciPy(t *testing.T) {
	b, err := os.ReadFile("testdata/svhn5.mat")
	if err != nil {
		t.Fatal(err)
	}
	set, err := parseSVHN(b)
	if err != nil {
		t.Fatal(err)
	}
	checkImages(t, "SciPy's", &set, 5, [3]int{32, 32, 3}, "\x01\x09\x00\x05\x00")
	checkPixels(t, &set, 0)
}

func TestParseSVHNErrors(t *testing.T) {
	x := matrix("X", make([]byte, 2*3072), 32, 32, 3, 2)
	y := matrix("y", []byte{1, 2}, 2, 1)
	short := []byte{miMatrix, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}
	many := append([]byte{miMatrix, 0, 0, 0}, 0, 0, 0, 0x7f)
	wrong := deflated(t, x)
	wrong[len(wrong)-1]++
	part := func(parts ...[]byte) []byte { return element(miMatrix, slices.Concat(parts...)) }
	flags, name := element(miUint32, make([]byte, 8)), element(miInt8, []byte("y"))
	size := element(miInt32, []byte{2, 0, 0, 0, 1, 0, 0, 0})
	for _, c := range []struct {
		parts [][]byte
		says  string
	}{
		{[][]byte{x, matrix("y", []byte{1, 0}, 2, 1)}, "image 1 has label 0, want one of 1 to 10"},
		{[][]byte{x, matrix("y", []byte{11, 1}, 2, 1)}, "image 0 has label 11, want one of 1 to 10"},
		{[][]byte{x, matrix("y", []byte{1, 2}, 1, 2)}, "array y has size [1 2], want [2 1]"},
		{[][]byte{x}, "array y has size [], want [2 1]"},
		{[][]byte{y}, "array X has size [], want [32 32 3 N]"},
		{[][]byte{matrix("X", make([]byte, 6), 1, 2, 3), y}, "array X has size [1 2 3], want [32 32 3 N]"},
		{[][]byte{x[:100]}, "element declares 6200 bytes, and 92 are left"},
		{[][]byte{x, y[:5]}, "after 1 arrays: element has 5 bytes, want a tag of 8"},
		{[][]byte{short}, "element declares 4294967295 bytes, and 0 are left"},
		{[][]byte{compressed(t, many)}, "compressed bytes declare 2130706432 bytes, want at most"},
		{[][]byte{compressed(t, x[:100])}, "compressed element of 6200 bytes: unexpected EOF"},
		{[][]byte{compressed(t, x[:7])}, "tag of a compressed element: unexpected EOF"},
		{[][]byte{element(miCompressed, wrong)}, "invalid checksum"},
		{[][]byte{element(miCompressed, []byte("not zlib"))}, "invalid header"},
		{[][]byte{element(miUint8, make([]byte, 9))}, "element is of type 2, want an array (14)"},
		{[][]byte{compressed(t, element(miUint8, make([]byte, 9)))}, "element is of type 2, want an array (14)"},
		{[][]byte{{1, 0, 5, 0, 0, 0, 0, 0}}, "small element declares 5 bytes, want at most 4"},
		{[][]byte{part(flags, name)}, `array "": its part 2 is of type 1, want 5`},
		{[][]byte{part(flags, size, name, element(9, make([]byte, 16)))}, `array "y": its part 4 is of type 9, want 2`},
		{[][]byte{part(flags, size, name)}, `array "y": element has 0 bytes, want a tag of 8`},
		{[][]byte{matrix("y", []byte{1}, 2, 1)}, `array "y": size [2 1] has 1 elements, want 2`},
		{[][]byte{matrix("y", []byte{1}, 1)}, "its size takes 4 bytes, want 4 for each of 2 or more dimensions"},
		{[][]byte{matrix("y", []byte{1}, -1, -1)}, "it has a size of -1, want at least 0"},
		{[][]byte{matrix("y", []byte{1}, 1<<20, 1<<20)}, "want at most 4294967296 elements"},
	} {
		_, err := parseSVHN(slices.Concat(append([][]byte{matHeader}, c.parts...)...))
		wantError(t, err, c.says)
	}
	_, err := parseSVHN(matHeader[:127])
	wantError(t, err, "MATLAB file has 127 bytes, want a header of 128")
	_, err = parseSVHN(append(matHeader[:124:124], 1, 0, 'M', 'I'))
	wantError(t, err, `ends in "\x01\x00MI", want "\x00\x01IM"`)
}

func FuzzParseMAT(f *testing.F) {
	for _, pack := range []func(testing.TB, []byte) []byte{
		compressed, func(_ testing.TB, b []byte) []byte { return b },
	} {
		f.Add(slices.Concat(pack(f, matrix("X", []byte("abcdef"), 1, 2, 3)), pack(f, matrix("y", []byte{1, 10}, 2, 1))))
	}
	f.Add([]byte{miMatrix, 0, 0, 0, 0xff, 0xff, 0xff, 0xff})
	f.Add(compressed(f, []byte{miMatrix, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}))
	f.Fuzz(func(t *testing.T, b []byte) {
		arrays, err := parseMAT(slices.Concat(matHeader, b))
		if err != nil {
			return
		}
		for name, a := range arrays {
			product := 1
			for _, n := range a.size {
				product *= n
			}
			if len(a.size) < 2 || product != len(a.elements) {
				t.Errorf("%d bytes gave array %q of size %v with %d elements", len(b), name, a.size, len(a.elements))
			}
		}
	})
}

// Files similar to SVHN's are read without a panic, whatever their arrays contain.
func FuzzParseSVHN(f *testing.F) {
	f.Add([]byte{1, 10, 3}, 3)
	f.Add([]byte{}, 0)
	f.Fuzz(func(t *testing.T, labels []byte, images int) {
		if images < 0 || images > 4 {
			return
		}
		x := matrix("X", make([]byte, 3072*images), 32, 32, 3, images)
		set, err := parseSVHN(slices.Concat(matHeader, x, matrix("y", labels, len(labels), 1)))
		if err == nil && (set.Len() != images || set.Len() != len(labels)) {
			t.Errorf("%d images with %d labels gave %d", images, len(labels), set.Len())
		}
	})
}
