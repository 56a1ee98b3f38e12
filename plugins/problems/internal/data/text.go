package data

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"unicode/utf8"
)

// Text is a text as a sequence of symbols. It is shared and must not be modified.
type Text struct {
	Symbols     []rune  // the symbol of each id, most frequent first
	Train, Test []uint8 // ids of the beginning of the text and of the rest
}

var warAndPeace Kept[Text]

// ReadWarAndPeace returns War and Peace as DeepOBS prepares it (Schneider et al. 2019, data set
// tolstoi): 83 symbols, 2,612,948 characters for training and 653,237 for testing. Lines end in
// \r\n, and both characters are symbols.
func ReadWarAndPeace() (*Text, error) {
	return warAndPeace.Get(func() (*Text, error) { return readWarAndPeace(WarAndPeace) })
}

func readWarAndPeace(s *Set) (*Text, error) {
	b, err := s.Read(s.Files[0].Name)
	if err != nil {
		return nil, err
	}
	text, err := parseText(cutWarAndPeace(b))
	if err != nil {
		return nil, fmt.Errorf("data set %s: %w", s.Name, err)
	}
	return text, nil
}

// OpticksTrain is the number of characters of the training part of the Opticks.
const OpticksTrain = 8811*64 + 1

var opticks Kept[Text]

// ReadOpticks returns Newton's Opticks: 91 symbols, [OpticksTrain] characters for training and the
// rest for testing.
func ReadOpticks() (*Text, error) {
	return opticks.Get(func() (*Text, error) {
		b, err := Opticks.Read(Opticks.Files[0].Name)
		if err != nil {
			return nil, err
		}
		text, err := parseText(b)
		if err != nil {
			return nil, err
		}
		ids := slices.Concat(text.Train, text.Test)
		text.Train, text.Test = ids[:OpticksTrain:OpticksTrain], ids[OpticksTrain:]
		return text, nil
	})
}

// cutWarAndPeace deletes everything but the novel: the licence before it, the table of contents,
// the licence after it. Each cut counts the lines left by the previous one (DeepOBS,
// deepobs_prepare_data.sh).
func cutWarAndPeace(b []byte) []byte {
	b = deleteLines(b, 1, 29)
	b = deleteLines(b, 5, 775)
	return deleteLines(b, 63850, 64207)
}

// deleteLines returns b without the lines first to last, counted from 1.
func deleteLines(b []byte, first, last int) []byte {
	var kept []byte
	line := 0
	for text := range bytes.Lines(b) {
		if line++; line < first || line > last {
			kept = append(kept, text...)
		}
	}
	return kept
}

// parseText numbers the symbols of a UTF-8 text by descending frequency, and by first occurrence
// for equal frequencies. The first ⌈0.8 n⌉ of n characters are the training part.
func parseText(b []byte) (*Text, error) {
	if !utf8.Valid(b) {
		return nil, fmt.Errorf("text of %d bytes is not valid UTF-8", len(b))
	}
	text := &Text{}
	characters := bytes.Runes(b)
	count := map[rune]int{}
	for _, r := range characters {
		if count[r] == 0 {
			text.Symbols = append(text.Symbols, r)
		}
		count[r]++
	}
	if len(text.Symbols) > 256 {
		return nil, fmt.Errorf("text has %d different characters, want at most 256",
			len(text.Symbols))
	}
	slices.SortStableFunc(text.Symbols, func(a, b rune) int { return cmp.Compare(count[b], count[a]) })
	id := map[rune]uint8{}
	for i, r := range text.Symbols {
		id[r] = uint8(i)
	}
	ids := make([]uint8, len(characters))
	for i, r := range characters {
		ids[i] = id[r]
	}
	train := (4*len(ids) + 4) / 5
	text.Train, text.Test = ids[:train:train], ids[train:]
	return text, nil
}
