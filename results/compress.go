package results

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Finished records are compressed by Zstandard, since their numbers take as text a multiple of what
// they hold. They may be plain too, as those of older versions are. If a run has both files, the
// compressed one is its record.
const (
	plainSuffix = ".jsonl"
	zstdSuffix  = ".zst" // after plainSuffix
)

var encoder = sync.OnceValue(func() *zstd.Encoder {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderCRC(true),
		zstd.WithEncoderConcurrency(2))
	if err != nil {
		panic("results: " + err.Error()) // the options are valid
	}
	return e
})

var decoder = sync.OnceValue(func() *zstd.Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxRecord),
		zstd.WithDecoderMaxWindow(maxRecord), zstd.WithDecoderConcurrency(0))
	if err != nil {
		panic("results: " + err.Error()) // the options are valid
	}
	return d
})

// ReadRecord reads the lines of a record from its file, which is compressed if its name says so.
// What cannot be a record, by its type or size, is a *SyntaxError.
func ReadRecord(path string) ([]byte, error) {
	var b bytes.Buffer
	_, err := readRecord(&b, path)
	return b.Bytes(), err
}

// readRecord is ReadRecord into b. It returns the size of the file.
func readRecord(b *bytes.Buffer, path string) (size int64, err error) {
	if !strings.HasSuffix(path, zstdSuffix) {
		err = readInto(b, path)
		return int64(b.Len()), err
	}
	file := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(file)
	if err := readInto(file, path); err != nil {
		return 0, err
	}
	b.Reset()
	lines, err := decoder().DecodeAll(file.Bytes(), b.AvailableBuffer())
	switch {
	case errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded):
		return 0, &SyntaxError{
			File: path, Msg: fmt.Sprintf("its contents have more than %d bytes", maxRecord),
		}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return 0, &SyntaxError{File: path, Msg: "file is torn: it ends before its contents do"}
	case err != nil:
		msg := "it is not compressed by Zstandard, or damaged: " + err.Error()
		return 0, &SyntaxError{File: path, Msg: msg}
	}
	b.Write(lines) // which are there already, if they fitted into the buffer
	return int64(file.Len()), nil
}

// sameFiles reports whether two files are records of the same outcome, see [SplitOutcome].
func sameFiles(path, other string) bool {
	a, err := ReadRecord(path)
	b, e := ReadRecord(other)
	a, _ = SplitOutcome(a)
	b, _ = SplitOutcome(b)
	return err == nil && e == nil && bytes.Equal(a, b)
}
