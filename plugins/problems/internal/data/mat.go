package data

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
)

// The types of elements in a MATLAB 5 file of byte arrays.
const (
	miInt8       = 1
	miUint8      = 2
	miInt32      = 5
	miUint32     = 6
	miMatrix     = 14
	miCompressed = 15
)

// array is an array of bytes, first index fastest.
type array struct {
	size     []int
	elements []byte
}

// parseMAT returns the arrays of a little-endian MATLAB 5 file by name. All must be stored as bytes
// (MathWorks, MAT-File Format, chapter 1). Its allocations are bounded by a multiple of the length
// of b, whatever b declares.
func parseMAT(b []byte) (map[string]array, error) {
	const header = 128
	if len(b) < header {
		return nil, fmt.Errorf("MATLAB file has %d bytes, want a header of %d", len(b), header)
	}
	// version and byte order
	if got, want := string(b[header-4:header]), "\x00\x01IM"; got != want {
		return nil, fmt.Errorf("header of MATLAB file ends in %q, want %q for little-endian "+
			"version 5", got, want)
	}
	arrays := map[string]array{}
	for b = b[header:]; len(b) > 0; {
		kind, body, rest, err := cutElement(b)
		if err == nil && kind == miCompressed {
			if body, err = inflate(body); err == nil {
				kind, body, _, err = cutElement(body)
			}
		}
		if err == nil && kind != miMatrix {
			err = fmt.Errorf("element is of type %d, want an array (%d)", kind, miMatrix)
		}
		if err != nil {
			return nil, fmt.Errorf("MATLAB file after %d arrays: %w", len(arrays), err)
		}
		name, a, err := parseArray(body)
		if err != nil {
			return nil, fmt.Errorf("MATLAB file: array %q: %w", name, err)
		}
		arrays[name] = a
		b = rest
	}
	return arrays, nil
}

// inflate returns a compressed element: its tag, which contains the length, and the data.
func inflate(b []byte) ([]byte, error) {
	const most = 1032 // the greatest expansion of deflate, in bytes per byte
	r, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	tag := make([]byte, 8)
	if _, err := io.ReadFull(r, tag); err != nil {
		return nil, fmt.Errorf("tag of a compressed element: %w", err)
	}
	size := uint64(binary.LittleEndian.Uint32(tag[4:]))
	if size > most*uint64(len(b)) {
		return nil, fmt.Errorf("%d compressed bytes declare %d bytes, want at most %d", len(b),
			size, most*len(b))
	}
	element := make([]byte, 8+size)
	copy(element, tag)
	if _, err := io.ReadFull(r, element[8:]); err != nil {
		return nil, fmt.Errorf("compressed element of %d bytes: %w", size, err)
	}
	// read to the end, where zlib verifies the checksum
	if _, err := io.Copy(io.Discard, r); err != nil {
		return nil, err
	}
	return element, nil
}

// parseArray reads the elements within an array element: flags, size, name and contents.
func parseArray(b []byte) (name string, a array, err error) {
	var parts [4][]byte
	for i, want := range []uint32{miUint32, miInt32, miInt8, miUint8} {
		kind, body, rest, err := cutElement(b)
		if err != nil {
			return name, array{}, err
		}
		if kind != want {
			return name, array{}, fmt.Errorf("its part %d is of type %d, want %d", i+1, kind, want)
		}
		if i == 2 {
			name = string(body)
		}
		parts[i], b = body, rest
	}
	sizes := parts[1]
	if len(sizes) < 8 || len(sizes)%4 != 0 {
		return name, array{}, fmt.Errorf("its size takes %d bytes, want 4 for each of 2 or more "+
			"dimensions", len(sizes))
	}
	a.elements = parts[3]
	product := 1
	for ; len(sizes) > 0; sizes = sizes[4:] {
		size := int32(binary.LittleEndian.Uint32(sizes))
		if size < 0 {
			return name, array{}, fmt.Errorf("it has a size of %d, want at least 0", size)
		}
		a.size = append(a.size, int(size))
		if product *= int(size); product > 1<<32 {
			return name, array{}, fmt.Errorf("it has size %v, want at most %d elements", a.size,
				1<<32)
		}
	}
	if len(a.elements) != product {
		return name, array{}, fmt.Errorf("size %v has %d elements, want %d", a.size,
			len(a.elements), product)
	}
	return name, a, nil
}

// cutElement returns type and body of the first element of b, and the rest of b.
func cutElement(b []byte) (kind uint32, body, rest []byte, err error) {
	if len(b) < 8 {
		return 0, nil, nil, fmt.Errorf("element has %d bytes, want a tag of 8", len(b))
	}
	kind = binary.LittleEndian.Uint32(b)
	// type, size and up to four bytes of data within a tag
	if small := int(kind >> 16); small != 0 {
		if small > 4 {
			return 0, nil, nil, fmt.Errorf("small element declares %d bytes, want at most 4", small)
		}
		return kind & 0xffff, b[4 : 4+small], b[8:], nil
	}
	size := uint64(binary.LittleEndian.Uint32(b[4:]))
	if b = b[8:]; size > uint64(len(b)) {
		return 0, nil, nil, fmt.Errorf("element declares %d bytes, and %d are left", size, len(b))
	}
	end := size
	if kind != miCompressed { // others are padded to a multiple of 8, except possibly the last one
		end = min((size+7)&^7, uint64(len(b)))
	}
	return kind, b[:size], b[end:], nil
}
