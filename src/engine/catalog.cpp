#include "engine/catalog.h"

#include <algorithm>
#include <set>

namespace polysync::engine {

bool CatalogTask::has_triggering_edges() const {
    return std::any_of(edges.begin(), edges.end(),
                       [](const CatalogEdge& edge) { return edge.dependency.match != Match::latest; });
}

std::string CatalogTask::key_of(SystemTime fire) const {
    return partition.grain == Grain::none ? format_iso8601(fire) : interval_before(partition, fire).key;
}

const CatalogTask* Catalog::task(ObjectId id) const {
    auto found = tasks.find(id);
    return found == tasks.end() ? nullptr : &found->second;
}

const CatalogTask* Catalog::task(const QualifiedName& name) const {
    auto found = task_ids.find(name);
    return found == task_ids.end() ? nullptr : task(found->second);
}

std::vector<ObjectId> Catalog::component(ObjectId start) const {
    std::set<ObjectId> seen{start};
    std::vector<ObjectId> open{start};
    auto visit = [&](ObjectId id) {
        if (tasks.contains(id) && seen.insert(id).second) open.push_back(id);
    };
    auto joins = [](const CatalogEdge& edge) { return edge.dependency.match == Match::same; };
    while (!open.empty()) {
        const auto* current = task(open.back());
        open.pop_back();
        if (!current) continue;
        for (const auto& edge : current->edges)
            if (joins(edge)) visit(edge.parent);
        for (auto child : current->children)
            for (const auto& edge : tasks.at(child).edges)
                if (edge.parent == current->id && joins(edge)) visit(child);
    }
    std::vector<ObjectId> out(seen.begin(), seen.end());
    std::erase_if(out, [&](ObjectId id) { return !tasks.contains(id); });
    std::sort(out.begin(), out.end(), [&](ObjectId a, ObjectId b) {
        return tasks.at(a).task.meta.name < tasks.at(b).task.meta.name;
    });
    return out;
}

std::string Catalog::chain_id(const RunKey& key) const {
    auto members = component(key.task);
    std::string first =
        members.empty() ? std::to_string(number(key.task)) : tasks.at(members.front()).task.meta.name.str();
    return first + "@" + key.lane + "@" + key.key;
}

std::vector<ObjectId> Catalog::downstream(ObjectId start) const {
    // Depth first, children before their parent in `done`; reversed it is topological, since there are no
    // cycles.
    std::vector<ObjectId> done;
    std::set<ObjectId> seen{start};
    struct Frame {
        ObjectId id;
        std::size_t next;
    };
    std::vector<Frame> stack{{start, 0}};
    while (!stack.empty()) {
        auto& [id, next] = stack.back();
        const auto* current = task(id);
        if (current && next < current->children.size()) {
            auto child = current->children[next++];
            if (seen.insert(child).second) stack.push_back({child, 0});
            continue;
        }
        if (id != start) done.push_back(id);
        stack.pop_back();
    }
    std::reverse(done.begin(), done.end());
    return done;
}

}  // namespace polysync::engine
