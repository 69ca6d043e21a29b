/// Something of which there is one, and that a driver needs: a serial port, a pin.
public struct DriverClaim: Hashable, Sendable {
    /// For people, and what tells it from others: `/dev/serial/by-id/…`, `gpiochip0 line 17`.
    public var resource: String
    /// How it is used: `modbus-rtu, 9600 8E1`. Devices that use it in the same manner share it; nil when nobody can.
    public var manner: String?
    /// What tells those that share it from each other: `unit 1`. Nil when nothing need.
    public var address: String?
    /// Where there may be several of the resource, what tells one from another: `["imei": "356938035643809"]`. Two claims are of different ones when they
    /// have a mark of the same kind that differs, so that one without marks claims any. Nil where there is one.
    public var marks: [String: String]?

    public init(_ resource: String, manner: String? = nil, address: String? = nil, marks: [String: String]? = nil) {
        self.marks = marks
        self.resource = resource
        self.manner = manner
        self.address = address
    }

    /// One device and what its driver needs.
    struct Claimant {
        /// Where in the file it stands.
        var path: String
        var claims: [DriverClaim]
    }

    /// What two devices cannot have both, each told at the second of them.
    /// - Parameters:
    ///   - claimants: In the order of the file.
    ///   - identity: What a name stands for: two names of the same thing have the same.
    /// - Returns: Where in the file each of them stands, and what is wrong.
    static func conflicts(
        among claimants: [Claimant],
        identity: (String) -> String = plainPath
    ) -> [(path: String, problem: String)] {
        var first: [String: (path: String, claim: DriverClaim)] = [:]
        var addresses: [DriverClaim: String] = [:]
        var marked: [(path: String, claim: DriverClaim)] = []
        var conflicts: [(path: String, problem: String)] = []
        for claimant in claimants {
            for claim in claimant.claims {
                if claim.marks != nil {
                    if let (path, _) = marked.first(where: { claim.mayBe($0.claim) }) {
                        conflicts.append((claimant.path, "\(claim.resource) may be the one of \(path)"))
                    }
                    marked.append((claimant.path, claim))
                    continue
                }
                let identity = identity(claim.resource)
                guard let (path, other) = first[identity] else {
                    first[identity] = (claimant.path, claim)
                    addresses[claim] = claimant.path
                    continue
                }
                if claim.resource != other.resource {
                    let problem = "\(claim.resource) is \(other.resource) of \(path) under another name"
                    conflicts.append((claimant.path, problem))
                } else if let manner = claim.manner, manner == other.manner {
                    if claim.address != nil, let holder = addresses[claim] {
                        let address = claim.address ?? ""
                        conflicts.append(
                            (claimant.path, "\(address) on \(claim.resource) is that of \(holder) already")
                        )
                    } else {
                        addresses[claim] = claimant.path
                    }
                } else {
                    let manners = [claim.manner, other.manner].compactMap(\.self)
                    let why = manners.count == 2 ? ", as \(manners[1]) and not as \(manners[0])" : ""
                    conflicts.append((claimant.path, "\(claim.resource) belongs to \(path) already\(why)"))
                }
            }
        }
        return conflicts
    }
}

extension DriverClaim {
    private func mayBe(_ other: DriverClaim) -> Bool {
        guard let marks, let others = other.marks, resource == other.resource else { return false }
        return marks.allSatisfy { kind, mark in others[kind] == nil || others[kind] == mark }
    }

    /// A path without what says nothing in it: `//dev/./ttyS1` is `/dev/ttyS1`. What is no path stays as it is.
    static func plainPath(_ name: String) -> String {
        guard name.hasPrefix("/") else { return name }
        var parts: [Substring] = []
        for part in name.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }
}

/// What a driver needs to know of one device, beside its own name.
public protocol DriverSettings: SiteReadable {
    /// What of the charger it needs for itself, or shares.
    var claims: [DriverClaim] { get }
}

extension DriverSettings {
    public var claims: [DriverClaim] { [] }
}
