internal import Glibc

/// A user that a service runs as: what the mode of a file allows him, who has no rights over the files of others, also where he is root.
struct ServiceUser {
    let name: String
    private let user: uid_t
    private let groups: [gid_t]

    /// Whoever the lock file of the service belongs to: the user of its unit, also where a drop-in names another one.
    /// - Parameters:
    ///   - service: Its name.
    ///   - name: The user of the shipped unit, for when nothing was started yet.
    ///   - runtimeDirectory: Where the lock file is.
    /// - Returns: Nil on a machine where the service is not installed.
    static func running(_ service: String, as name: String, runtimeDirectory: String = "/run/charger") -> ServiceUser? {
        var status = stat()
        guard unsafe stat("\(runtimeDirectory)/\(service).lock", &status) == 0 else {
            return unsafe ServiceUser(getpwnam(name))
        }
        return unsafe ServiceUser(getpwuid(status.st_uid))
    }

    private init?(_ entry: UnsafeMutablePointer<passwd>?) {
        guard let entry = unsafe entry?.pointee else { return nil }
        name = unsafe String(cString: entry.pw_name)
        user = unsafe entry.pw_uid
        var count: Int32 = 64
        var list = [gid_t](repeating: 0, count: Int(count))
        _ = unsafe getgrouplist(entry.pw_name, entry.pw_gid, &list, &count)
        groups = Array(list.prefix(Int(min(max(count, 0), 64))))
    }

    /// - Parameters:
    ///   - name: For people.
    ///   - user: Its number.
    ///   - groups: Of him.
    init(name: String, user: uid_t, groups: [gid_t]) {
        (self.name, self.user, self.groups) = (name, user, groups)
    }

    /// What keeps him from reading a file: of the folders on the way to it, or of the file itself.
    /// - Parameter path: Without links.
    /// - Returns: For people; nil when nothing does, or nobody may look.
    func obstacle(to path: String) -> String? {
        var folder = ""
        for part in path.split(separator: "/").dropLast() {
            folder += "/\(part)"
            if let obstacle = obstacle(at: folder, 0o1, "enter") { return obstacle }
        }
        return obstacle(at: path, 0o4, "read")
    }

    private func obstacle(at path: String, _ right: mode_t, _ verb: String) -> String? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        // The first of the three that fits counts alone.
        let shift: mode_t = status.st_uid == user ? 6 : groups.contains(status.st_gid) ? 3 : 0
        guard (status.st_mode >> shift) & right == 0 else { return nil }
        let owner = unsafe getpwuid(status.st_uid).map { unsafe String(cString: $0.pointee.pw_name) }
        let mode = String(status.st_mode & 0o7777, radix: 8)
        return "\(name) may not \(verb) \(path), which is of \(owner ?? String(status.st_uid)) with mode \(mode)"
    }
}
