package genericio

// WriteFileFS is WriteFile on a given file system.
var WriteFileFS = writeFile
