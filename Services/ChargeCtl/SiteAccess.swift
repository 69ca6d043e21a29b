internal import Glibc

/// Whether the services may read the site's file: each runs as a user of its own, and whoever checks the file is often root.
enum SiteAccess {
    /// What keeps them from it, for people; nil when nothing does. Only of the file where the services look: any other is a draft.
    static func problem(of path: String) -> String? { problem(of: path, namedIn: path) }

    /// The same of another file.
    /// - Parameters:
    ///   - path: Of it.
    ///   - site: The site's file that names it.
    /// - Returns: For people; nil when nothing keeps them from it.
    static func problem(of path: String, namedIn site: String) -> String? {
        guard site == SiteValues.usualPath, let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        let place = unsafe String(cString: resolved)
        var folder = ""
        for name in place.split(separator: "/").dropLast() {
            folder += "/" + name
            if let problem = problem(of: folder, needs: S_IXOTH, "entered") { return problem }
        }
        return problem(of: place, needs: S_IROTH, "read")
    }

    private static func problem(of path: String, needs right: mode_t, _ verb: String) -> String? {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & right == 0 else { return nil }
        let mode = String(status.st_mode & 0o7777, radix: 8)
        return "\(path) has mode \(mode) and may not be \(verb) by everybody: the services run as users of their own"
    }
}
