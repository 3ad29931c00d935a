import SkipStream

/// Where a worker's checkpoint stands.
enum CheckpointCycle {
    case idle(due: Int64)
    /// Copying changed streams between blocks.
    case copying
    /// Waiting until the results are stored that the copies count.
    case results(Int)
    /// Waiting until the copies are stored.
    case states(Int)
    /// Writing the shards' keys.
    case keys
}

// States with their positions. A copy is taken between two blocks, so it has exactly the samples up to its shard's last processed one, and
// says so. It is published once the results up to there are stored; the shard's position moves once all copies are. So whoever takes the shard
// over finds states at or past its position, each with all its results, and works off for each stream what its state hasn't got.

extension Worker {
    private static let slice = 500

    func advanceCycle(_ processor: inout StreamProcessor) {
        switch cycle {
        case .idle(let due):
            let isReleasing = shards.values.contains { $0.phase == .releasing }
            guard isReleasing || (Time.monotonic >= due && shards.values.contains { $0.processed > $0.stored }) else { return }
            for shard in shards.values where shard.phase == .running || shard.phase == .releasing {
                (shard.cut, shard.isLast) = (shard.processed, shard.phase == .releasing)
            }
            cycleBegun = Time.monotonic
            processor.beginCheckpoint()
            cycle = .copying
        case .copying:
            let (streams, isMore) = processor.takeChangedStreams(limit: Self.slice)
            for stream in streams {
                let name = Array(stream.name.utf8)
                guard let shard = shards[SkipStream.shard(of: name)], shard.cut != nil else { continue }
                copies.append((shard, ClusterSubject.state(name), shard.processed, stream.record))
            }
            if !isMore {
                processor.endCheckpoint(isStored: true)
                cycle = .results(results.mark())
            }
        case .results(let generation):
            guard results.isStored(generation) else { return }
            for copy in copies where shards[copy.shard.number] === copy.shard {
                checkpointBytes += UInt64(copy.record.count)
                states.publish(copy.subject, .init(headers: [("Skipd-Position", "\(copy.position)")], bytes: copy.record, order: copy.position))
            }
            copies = []
            cycle = .states(states.mark())
        case .states(let generation):
            guard states.isStored(generation) else { return }
            cycle = .keys
            keysLeft = 0
            for shard in Array(shards.values) {
                guard let cut = shard.cut else { continue }
                shard.cut = nil
                let isFree = shard.isLast && shard.phase == .releasing
                guard isFree || cut > shard.stored else { continue }
                keysLeft += 1
                settle(shard, position: max(cut, shard.stored), isFree: isFree) { [weak self] in self?.keysLeft -= 1 }
            }
        case .keys:
            guard keysLeft == 0 else { return }
            cycle = .idle(due: Time.monotonic + checkpointInterval)
            checkpoints += 1
            lastCheckpointDuration = Time.monotonic - cycleBegun
        }
    }
}
