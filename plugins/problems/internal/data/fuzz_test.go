package data

import (
	"bytes"
	"math"
	"slices"
	"testing"
	"unicode/utf8"
)

// For every file, the readers of data sets return a complete value or an error.

func FuzzParseCIFAR(f *testing.F) {
	f.Add([]byte{}, uint16(0))
	f.Add([]byte{3, 9, 1, 2, 3}, uint16(2))
	f.Add(slices.Repeat([]byte{255}, 40), uint16(1))
	f.Fuzz(func(t *testing.T, seed []byte, count uint16) {
		if count > 8 {
			return
		}
		for _, labels := range []int{1, 2} {
			record := labels + 3*cifarPixels
			b := make([]byte, int(count)*record) // of images whose beginnings are the seed's
			for i := range int(count) {
				copy(b[i*record:(i+1)*record], seed[min(len(seed), 5*i):])
			}
			if len(seed) > 0 && seed[0] == 7 {
				b = b[:max(0, len(b)-len(seed))]
			}
			var part ImageSet
			if err := parseCIFAR(b, labels, 10, &part); err != nil {
				continue
			}
			if len(part.Labels)*record != len(b) || len(part.Pixels) != 3*cifarPixels*len(part.Labels) {
				t.Fatalf("%d bytes gave %d labels and %d pixels", len(b), len(part.Labels), len(part.Pixels))
			}
			for i, label := range part.Labels {
				if label != b[i*record+labels-1] || part.Pixels[3*cifarPixels*i+1] != b[i*record+labels+cifarPixels] {
					t.Fatalf("image %d has label %d, want %d", i, label, b[i*record+labels-1])
				}
			}
		}
	})
}

func FuzzParseText(f *testing.F) {
	for _, text := range []string{"", "aab", "Война и мир\r\n", "\xff", "a\x00b"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		text, err := parseText(b)
		if err != nil {
			if utf8.Valid(b) && len(b) <= 256 {
				t.Fatalf("%q is refused: %v", b, err)
			}
			return
		}
		var again []rune
		for _, id := range slices.Concat(text.Train, text.Test) {
			again = append(again, text.Symbols[id])
		}
		if string(again) != string(b) || len(text.Test) > len(text.Train) {
			t.Fatalf("%q is read as %q, of which %d to test", b, string(again), len(text.Test))
		}
	})
}

func FuzzDeleteLines(f *testing.F) {
	f.Add([]byte("a\nb\nc\nd"), 2, 3)
	f.Add([]byte("\r\n\n"), 1, 1)
	f.Fuzz(func(t *testing.T, b []byte, first, last int) {
		kept := deleteLines(b, first, last)
		if lines := bytes.Count(b, []byte("\n")) + 1; first > lines || last < 1 || last < first {
			if !bytes.Equal(kept, b) {
				t.Fatalf("lines %d to %d of %q leave %q", first, last, b, kept)
			}
		} else if first <= 1 && last >= lines && len(kept) > 0 || len(kept) > len(b) {
			t.Fatalf("lines %d to %d of %q leave %q", first, last, b, kept)
		}
	})
}

func FuzzParseTables(f *testing.F) {
	f.Add([]byte("a,b,c\n1,2,3\n4 5\t6\r\n\n"))
	f.Add([]byte("-1 3:1 11:1\n+1 119:1\n"))
	f.Add([]byte("\n"))
	f.Add([]byte("1 nan 0x1p4\n+1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if rows, err := parseNumbers(b, 2); err == nil {
			for _, row := range rows {
				if len(row) != 3 {
					t.Fatalf("%q has the row %v, want 3 numbers", b, row)
				}
			}
		}
		rows, err := parseA1a(b)
		if err != nil {
			return
		}
		for _, row := range rows {
			if len(row) != A1aFeatures+1 || math.Abs(row[A1aFeatures]) != 1 {
				t.Fatalf("%q has the row %v", b, row)
			}
		}
	})
}
