package fsys

// LookAndRename is RenameNew where the file system cannot do both at once.
var LookAndRename = osFS{}.lookAndRename
